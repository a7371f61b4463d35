/// Which part of a list is asked for. Lists are newest first; the records are kept oldest first.
/// Source: https://docs.stripe.com/api/pagination
struct ListPage: Sendable {
    let limit: Int
    let startingAfter: String?
    let endingBefore: String?
    private let after: Int64?
    private let atLeast: Int64?
    private let before: Int64?
    private let atMost: Int64?

    init(_ parameters: FormParameters) throws(StripeAPIError) {
        limit = try Self.number(parameters.string("limit"), "limit").map(Int.init) ?? 10
        guard (1...100).contains(limit) else {
            throw .invalid("Invalid limit: must be between 1 and 100.", parameter: "limit")
        }
        startingAfter = parameters.string("starting_after")
        endingBefore = parameters.string("ending_before")
        if startingAfter != nil, endingBefore != nil {
            throw .invalid("You may only specify one of starting_after and ending_before.", parameter: "ending_before")
        }
        let created = parameters.members("created")
        after = try Self.number(created["gt"], "created[gt]")
        atLeast = try Self.number(created["gte"], "created[gte]")
        before = try Self.number(created["lt"], "created[lt]")
        atMost = try Self.number(created["lte"], "created[lte]")
    }

    /// The list object.
    /// - Parameters:
    ///   - count: how many records there are, oldest at index 0.
    ///   - indexOf: where the record of a cursor is.
    func answer(
        path: String, count: Int,
        indexOf: (String) throws(StripeAPIError) -> Int,
        created: (Int) -> Int64,
        matches: (Int) -> Bool,
        json: (Int) -> JSONValue
    ) throws(StripeAPIError) -> JSONValue {
        var found: [Int] = []
        if let endingBefore {
            var index = try indexOf(endingBefore) + 1
            while index < count, found.count <= limit {
                if isWithin(created(index)), matches(index) { found.append(index) }
                index += 1
            }
            found = Array(found.prefix(limit).reversed()) + found.dropFirst(limit)
        } else {
            var index = try startingAfter.map { id throws(StripeAPIError) in try indexOf(id) } ?? count
            while index > 0, found.count <= limit {
                index -= 1
                if let oldest = after ?? atLeast, created(index) < oldest { break }
                if isWithin(created(index)), matches(index) { found.append(index) }
            }
        }
        return [
            "object": "list", "url": .string(path), "has_more": .bool(found.count > limit),
            "data": .array(found.prefix(limit).map(json)),
        ]
    }

    private func isWithin(_ time: Int64) -> Bool {
        if let after, time <= after { return false }
        if let atLeast, time < atLeast { return false }
        if let before, time >= before { return false }
        if let atMost, time > atMost { return false }
        return true
    }

    private static func number(_ text: String?, _ parameter: String) throws(StripeAPIError) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        guard let number = Int64(text) else {
            throw .invalid("Invalid integer: \(text)", parameter: parameter, code: "parameter_invalid_integer")
        }
        return number
    }
}
