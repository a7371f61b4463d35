import Hummingbird
import ServiceRuntime

/// A JSON body with its entity tag.
struct TaggedJSON: Sendable {
    let json: [UInt8]
    let tag: ETag

    init(_ value: some Encodable, tag: ETag) throws {
        json = try AppJSON.encode(value)
        self.tag = tag
    }

    init(_ stock: StockView) throws { try self.init(hashing: stock) }

    init(_ threshold: ThresholdBody) throws { try self.init(hashing: threshold) }

    init(_ reservation: ReservationView) throws { try self.init(reservation, tag: reservation.tag) }

    private init(hashing value: some Encodable) throws {
        json = try AppJSON.encode(value)
        tag = ETag(hashing: json)
    }

    /// The body with its tag; 304 without it when the client has it already.
    func answer(to request: Request) -> Response {
        request.notModified(tag) ?? response
    }

    var response: Response {
        Response(status: .ok, headers: [.eTag: tag.description], jsonBytes: json)
    }
}
