import Testing

/// Orders over real servers: HTTP, three databases, JetStream, Stripe's stand-in. One test at a time, because each runs
/// a whole marketplace.
@Suite(.serialized, .timeLimit(.minutes(60)))
enum EndToEnd {}
