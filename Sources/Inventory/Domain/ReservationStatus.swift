/// Where a reservation is. Only `active` ones hold stock. The ends are final, but for one way: what was sold is released
/// when its order is cancelled for good.
enum ReservationStatus: String, Codable, Sendable, Hashable, CaseIterable {
    /// Counted in `stock.reserved` until it ends.
    case active
    /// Sold: taken off the shelf.
    case committed
    /// Given back, because the order ended or an operator said so.
    case released
    /// Given back, because its time was over.
    case expired
}
