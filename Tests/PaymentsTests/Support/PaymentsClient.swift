import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import ServiceRuntime

/// Asks the service over HTTP.
struct PaymentsClient: Sendable {
    let setting: PaymentsSetting

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        func header(_ name: String) -> String? { headers[name].first }

        /// A member of the answer, by its path.
        func text(_ path: String...) -> String? { value(path) as? String }
        func number(_ path: String...) -> Int? { value(path) as? Int }
        func flag(_ path: String...) -> Bool? { value(path) as? Bool }
        func count(_ path: String...) -> Int? { (value(path) as? [Any])?.count }

        /// The problem's code.
        var code: String? { text("code") }

        private func value(_ path: [String]) -> Any? {
            var value = try? JSONSerialization.jsonObject(with: Data(body))
            for part in path {
                if let index = Int(part) {
                    guard let list = value as? [Any], list.indices.contains(index) else { return nil }
                    value = list[index]
                } else {
                    value = (value as? [String: Any])?[part]
                }
            }
            return value
        }
    }

    init(_ setting: PaymentsSetting) { self.setting = setting }

    func get(_ path: String, as subject: String, _ role: Role) async throws -> Answer {
        try await send(.GET, path, nil, ["Authorization": "Bearer \(try await setting.token(subject, role))"])
    }

    func post(
        _ path: String, _ json: String? = nil, as subject: String, _ role: Role, key: String? = nil
    ) async throws -> Answer {
        var headers = ["Authorization": "Bearer \(try await setting.token(subject, role))"]
        if json != nil { headers["Content-Type"] = "application/json" }
        headers["Idempotency-Key"] = key
        return try await send(.POST, path, json.map { Array($0.utf8) } ?? [], headers)
    }

    /// Delivers a webhook as Stripe would.
    func deliver(
        _ body: [UInt8], secret: String = PaymentsSetting.secret, at time: Date = Date()
    ) async throws -> Answer {
        let timestamp = Int64(time.timeIntervalSince1970)
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(timestamp).".utf8) + body, using: SymmetricKey(data: Data(secret.utf8)))
        let signature = code.map { String(format: "%02x", $0) }.joined()
        return try await send(
            .POST, "/webhooks/stripe", body, ["Stripe-Signature": "t=\(timestamp),v1=\(signature)"])
    }

    func deliver(_ json: String) async throws -> Answer { try await deliver(Array(json.utf8)) }

    func send(_ method: HTTPMethod, _ path: String, _ body: [UInt8]?, _ headers: [String: String]) async throws
        -> Answer
    {
        var request = HTTPClientRequest(url: setting.url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1024 * 1024)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: [UInt8](bytes.readableBytesView))
    }
}

/// Webhooks as Stripe writes them.
enum TestEvent {
    static func intent(
        _ type: String, id: String = "evt_\(UUID().uuidString)", intent: String, order: TestOrder?,
        status: String, received: Int = 0, amount: Int = 2500, charge: String? = nil, failure: String? = nil,
        livemode: Bool = false
    ) -> String {
        let metadata = order.map { #"{"order_id":"\#($0.id.uuidString.lowercased())"}"# } ?? "{}"
        let error = failure.map { #"{"code":"\#($0)","charge":"\#(charge ?? "ch_x")"}"# } ?? "null"
        return #"""
            {"id":"\#(id)","object":"event","api_version":"2026-10-28.endive","created":\#(Int(Date().timeIntervalSince1970)),
             "livemode":\#(livemode),"type":"\#(type)","data":{"object":{"id":"\#(intent)","object":"payment_intent",
             "amount":\#(amount),"amount_received":\#(received),"currency":"eur","livemode":\#(livemode),
             "client_secret":"\#(intent)_secret_hush","metadata":\#(metadata),"last_payment_error":\#(error),
             "status":"\#(status)"}}}
            """#
    }
}
