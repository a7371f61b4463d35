/// How long stock is held.
struct HoldPolicy: Sendable, Hashable {
    /// Unless a product says otherwise.
    let ttl: Duration
    /// From a reservation's beginning to its end, with all extensions.
    let maxHold: Duration
}
