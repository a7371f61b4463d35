/// The error object of JetStream's API.
struct APIError: Decodable {
    let code: Int
    let errorCode: Int?
    let description: String?

    enum CodingKeys: String, CodingKey {
        case code
        case errorCode = "err_code"
        case description
    }

    var jetStreamError: JetStreamError {
        JetStreamError(code: code, errorCode: errorCode ?? 0, description: description ?? "")
    }
}

/// An answer of JetStream's API: what was asked for, or an error.
struct APIAnswer<Value: Decodable>: Decodable {
    let result: Result<Value, JetStreamError>

    enum CodingKeys: String, CodingKey {
        case error
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let error = try container.decodeIfPresent(APIError.self, forKey: .error) {
            result = .failure(error.jetStreamError)
        } else {
            result = .success(try Value(from: decoder))
        }
    }
}

/// The answer to what only succeeds or fails.
struct APISuccess: Decodable {
    let success: Bool?
}
