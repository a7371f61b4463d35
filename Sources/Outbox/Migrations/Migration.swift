/// One step of a database's schema, forward and back.
public struct Migration: Sendable {
    /// What it belongs to: `outbox` for the core, else the service. Each line has its own versions, from 1 without
    /// gaps.
    public let line: String
    public let version: Int
    public let name: String
    /// SQL, several statements, run in one transaction.
    public let up: String
    public let down: String

    public init(line: String, version: Int, name: String, up: [UInt8], down: [UInt8]) {
        self.line = line
        self.version = version
        self.name = name
        self.up = String(decoding: up, as: UTF8.self)
        self.down = String(decoding: down, as: UTF8.self)
    }

    /// FNV-1a of the forward SQL: a migration that was applied must not be changed afterwards.
    var checksum: Int64 {
        Int64(
            bitPattern: up.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
                ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
            })
    }
}
