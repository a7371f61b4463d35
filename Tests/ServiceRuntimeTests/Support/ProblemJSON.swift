import Foundation
import HummingbirdTesting
import NIOCore
import ServiceRuntime

/// A problem as a client reads it.
struct ProblemJSON: Decodable {
    let type: String
    let title: String
    let status: Int
    let code: String
    let detail: String?
    let instance: String
    let requestId: String?
    let errorId: String?
    let errors: [FieldError]?
    let requiredRoles: [String]?

    init(_ response: TestResponse) throws {
        self = try JSONDecoder().decode(ProblemJSON.self, from: Data(response.body.readableBytesView))
    }
}

extension TestResponse {
    var text: String { String(decoding: body.readableBytesView, as: UTF8.self) }
}
