public import Outbox

/// The JSON form of the contracts: camelCase keys, ISO 8601 dates in UTC, UUIDs in lower case. It is the outbox's own,
/// so that what a service answers over HTTP and what it publishes read alike.
public typealias ContractsJSON = WireJSON
