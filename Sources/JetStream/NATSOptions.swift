import CNATS
import Foundation

/// Turns a ``NATSConfiguration`` into the options of libnats, for one attempt to connect.
enum NATSOptions {
    /// Creates the options, passes them to `body` and frees them.
    /// - Parameter place: where the connection's socket is to be left, so that it can be written to directly.
    static func with<R>(
        _ configuration: NATSConfiguration, callbacks closure: UnsafeMutableRawPointer,
        sharing place: DirectSocket.Place? = nil, _ body: (OpaquePointer) throws(NATSError) -> R
    ) throws(NATSError) -> R {
        var created: OpaquePointer?
        try check(natsOptions_Create(&created), "options")
        guard let options = created else { throw NATSError(.other, "libnats gave no options") }
        defer { natsOptions_Destroy(options) }
        try setServers(configuration.servers, options)
        try check(natsOptions_SetName(options, configuration.name), "name")
        try check(natsOptions_SetTimeout(options, configuration.connectTimeout.wholeMilliseconds), "connectTimeout")
        try check(natsOptions_SetPingInterval(options, configuration.pingInterval.wholeMilliseconds), "pingInterval")
        try check(natsOptions_SetMaxPingsOut(options, Int32(clamping: configuration.maxPingsOut)), "maxPingsOut")
        try check(natsOptions_SetWriteDeadline(options, configuration.writeTimeout.wholeMilliseconds), "writeTimeout")
        // A lost connection ends the session; ConnectionCore makes the next one.
        try check(natsOptions_SetAllowReconnect(options, false), "reconnect")
        try check(natsOptions_SetDisconnectedCB(options, NATSCallbacks.disconnected, closure), "callback")
        try check(natsOptions_SetClosedCB(options, NATSCallbacks.closed, closure), "callback")
        try check(natsOptions_SetErrorHandler(options, NATSCallbacks.failed, closure), "callback")
        try setCredentials(configuration, options)
        try setTLS(configuration, options)
        if let place {
            try check(place.set(options), "writesDirectly")
            // Without a word about TLS in the configuration, libnats goes over to it when the server asks. No
            // certificate has this name, so that fails, and the next attempt is made without sharing the socket.
            try check(natsOptions_SetExpectedHostname(options, "no-tls.invalid"), "writesDirectly")
        }
        return try body(options)
    }

    /// Whether messages may be written past libnats: where it encrypts, only it can.
    static func canWriteDirectly(_ configuration: NATSConfiguration) -> Bool {
        configuration.writesDirectly && !usesTLS(configuration)
    }

    private static func usesTLS(_ configuration: NATSConfiguration) -> Bool {
        configuration.tls != nil || configuration.servers.contains { $0.hasPrefix("tls://") }
    }

    private static func setServers(_ servers: [String], _ options: OpaquePointer) throws(NATSError) {
        guard !servers.isEmpty else { throw NATSError(.invalidArgument, "no servers are configured") }
        let copies = servers.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var pointers = copies.map { UnsafePointer<CChar>($0) }
        let status = natsOptions_SetServers(options, &pointers, Int32(clamping: pointers.count))
        // libnats's text may repeat the URL with its password.
        guard status == NATS_OK else {
            let list = servers.map(NATSConfiguration.redact).joined(separator: ", ")
            throw NATSError(.invalidArgument, "servers: not a list of NATS URLs: \(list)")
        }
    }

    private static func setCredentials(_ configuration: NATSConfiguration, _ options: OpaquePointer) throws(NATSError) {
        if let file = configuration.credentialsFile {
            try checkReadable(file, "credentialsFile")
            try check(natsOptions_SetUserCredentialsFromFiles(options, file, nil), "credentialsFile")
        } else if let file = configuration.nkeySeedFile {
            try checkReadable(file, "nkeySeedFile")
            guard let key = configuration.nkeyPublicKey ?? publicKey(in: file) else {
                throw NATSError(
                    .invalidArgument,
                    "nkeySeedFile: \(file) holds no public key (a line starting with U), and nkeyPublicKey is not set")
            }
            try check(natsOptions_SetNKeyFromSeed(options, key, file), "nkeySeedFile")
        }
    }

    private static func setTLS(_ configuration: NATSConfiguration, _ options: OpaquePointer) throws(NATSError) {
        let tls = configuration.tls
        guard usesTLS(configuration) else { return }
        try check(natsOptions_SetSecure(options, true), "tls")
        if let file = tls?.caFile {
            try checkReadable(file, "tls.caFile")
            try check(natsOptions_LoadCATrustedCertificates(options, file), "tls.caFile")
        }
        if let certificate = tls?.certificateFile, let key = tls?.keyFile {
            try checkReadable(certificate, "tls.certificateFile")
            try checkReadable(key, "tls.keyFile")
            try check(natsOptions_LoadCertificatesChain(options, certificate, key), "tls.certificateFile")
        }
        if let name = tls?.expectedHostname {
            try check(natsOptions_SetExpectedHostname(options, name), "tls.expectedHostname")
        }
    }

    private static func publicKey(in file: String) -> String? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return text.split(whereSeparator: \.isWhitespace)
            .first { $0.count == 56 && $0.hasPrefix("U") }
            .map(String.init)
    }

    private static func checkReadable(_ file: String, _ key: String) throws(NATSError) {
        guard access(file, R_OK) == 0 else {
            throw NATSError(.invalidArgument, "\(key): cannot read \(file): \(String(cString: strerror(errno)))")
        }
    }

    private static func check(_ status: natsStatus, _ key: String) throws(NATSError) {
        guard status == NATS_OK else {
            throw NATSError(.invalidArgument, "\(key): \(NATSLibrary.lastError(status))")
        }
    }
}
