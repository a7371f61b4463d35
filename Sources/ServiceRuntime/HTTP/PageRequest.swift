public import Hummingbird

/// What page a client asks for: `?limit=20&cursor=…`.
public struct PageRequest<Cursor: Codable & Sendable>: Sendable {
    /// How many items at most.
    public let limit: Int
    /// Behind what; nil for the first page.
    public let cursor: Cursor?

    /// Reads the query.
    /// - Parameters:
    ///   - request: its query is read.
    ///   - defaultLimit: taken when no limit is asked for.
    ///   - maxLimit: the largest limit.
    /// - Throws: ``Problem`` 400 `invalid_parameter` for a limit out of 1…`maxLimit`, 400 `invalid_cursor`.
    public init(_ request: Request, defaultLimit: Int = 20, maxLimit: Int = 100) throws(Problem) {
        let query = request.uri.queryParameters
        if let text = query["limit"] {
            guard let limit = Int(text), (1...maxLimit).contains(limit) else {
                throw .invalidParameter("limit", expected: "a whole number from 1 to \(maxLimit)")
            }
            self.limit = limit
        } else {
            self.limit = defaultLimit
        }
        if let text = query["cursor"], !text.isEmpty {
            self.cursor = try PageCursor.decode(Cursor.self, from: String(text))
        } else {
            self.cursor = nil
        }
    }
}

/// One page of a list.
public struct Page<Item: Encodable & Sendable>: ResponseEncodable, Sendable {
    public let items: [Item]
    /// Asks for the next page; absent on the last one.
    public let nextCursor: String?

    public init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    /// Makes a page of rows that were read with one more than the limit: the extra row tells that there is more.
    /// - Parameters:
    ///   - rows: up to `limit + 1`, in the list's order.
    ///   - request: what was asked for.
    ///   - cursor: the values that the row is sorted by.
    /// - Throws: `EncodingError`.
    public init<Cursor>(
        rows: [Item], for request: PageRequest<Cursor>, cursor: (Item) -> Cursor
    ) throws {
        let items = Array(rows.prefix(request.limit))
        let hasMore = rows.count > request.limit
        self.init(items: items, nextCursor: hasMore ? try items.last.map { try PageCursor.encode(cursor($0)) } : nil)
    }
}
