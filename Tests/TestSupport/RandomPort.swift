public import LocalServers

/// A TCP port for a server that a test starts itself: `RandomPort.next()`.
public typealias RandomPort = FreePort
