import Foundation

/// JetStream over a connection: streams, consumers, publishing with acknowledgement. Cheap to make and to copy.
///
/// The API is spoken as JSON requests to `$JS.API.…`, so that what newer servers can do does not wait for the C library.
public struct JetStreamContext: Sendable {
    public let connection: NATSConnection
    /// How long answers may take, where a call does not say otherwise.
    public let timeout: Duration
    private let prefix: String

    /// - Parameter domain: the JetStream domain to speak to (leaf nodes); nil: the server's own.
    public init(_ connection: NATSConnection, timeout: Duration = .seconds(5), domain: String? = nil) {
        self.connection = connection
        self.timeout = timeout
        prefix = domain.map { "$JS.\($0).API." } ?? "$JS.API."
    }

    /// The consumer to fetch messages from. Nothing is asked of the server yet.
    public func pullConsumer(stream: String, durable: String) -> PullConsumer {
        PullConsumer(connection: connection, api: prefix, stream: stream, durable: durable)
    }

    // MARK: API calls

    /// Asks the API and decodes its answer; its refusal is thrown.
    func call<Answer: Decodable & Sendable>(
        _ subject: String, _ body: (any Encodable & Sendable)? = nil, as type: Answer.Type = Answer.self
    ) async throws(JetStreamError) -> Answer {
        let payload: [UInt8]
        do {
            payload = try body.map { Array(try JSONEncoder().encode($0)) } ?? []
        } catch {
            throw JetStreamError(.invalidArgument, "\(subject): \(error)")
        }
        let reply: NATSMessage
        do throws(NATSError) {
            reply = try await connection.request(prefix + subject, payload: payload, timeout: timeout)
        } catch {
            throw JetStreamError(error)
        }
        let answer: APIAnswer<Answer>
        do {
            answer = try JSONDecoder().decode(APIAnswer<Answer>.self, from: Data(reply.payload))
        } catch {
            throw JetStreamError(.invalidAnswer, "\(subject): \(error)")
        }
        return try answer.result.get()
    }

    /// Names become part of a subject.
    static func checkName(_ name: String, _ what: String) throws(JetStreamError) {
        guard NATSSubject.isValidName(name) else {
            throw JetStreamError(.invalidArgument, "not a name for a \(what): \(name)")
        }
    }
}
