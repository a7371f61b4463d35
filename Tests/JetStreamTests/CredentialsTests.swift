import Foundation
import JetStream
import LocalServers
import TestSupport
import Testing

@Suite struct CredentialsTests {
    /// A key pair for these tests only. The seed is the base32 text of the bytes `95 00` (prefix for a user's seed), 32
    /// bytes (SHA-256 of "artesanos test nkey") and their CRC-16; the public key that of `A0`, the Ed25519 public key
    /// and CRC-16. Source: the README of nats-io/nkeys.
    static let seed = "SUALFST3TMS4BOPOOYAUYY3FQ5UOA3XQNAAXVZASQV5TY6XHNGNAZXRTMY"
    static let publicKey = "UBPEWEYJ6YSOGBLHXBCEZCQ4GPTQPPXVFZZUWGEYBOYJUBIKZCBFB7UI"

    private func connectError(_ configuration: NATSConfiguration) async -> NATSError? {
        await natsError { () throws(NATSError) in
            try await NATSConnection.connect(configuration, logger: quiet).close()
        }
    }

    @Test func userAndPasswordComeFromTheURL() async throws {
        let server = try await LocalNATS.start(
            configuration: "authorization { user: ana, password: \"s3creto\" }")
        let good = "nats://ana:s3creto@127.0.0.1:\(server.port)"
        let connection = try await NATSConnection.connect(testConfiguration(good), logger: quiet)
        try await connection.flush()
        #expect(connection.connectedURL?.contains("s3creto") == false)
        await connection.close()
        for bad in [server.url, "nats://ana:mal@127.0.0.1:\(server.port)"] {
            let error = await connectError(testConfiguration(bad))
            #expect(error?.code == .authorization)
            #expect(error?.description.contains("ana:") == false)
        }
        await server.stop()
    }

    @Test func aTokenComesFromTheURL() async throws {
        let server = try await LocalNATS.start(configuration: "authorization { token: \"t0ken\" }")
        let good = testConfiguration("nats://t0ken@127.0.0.1:\(server.port)")
        let connection = try await NATSConnection.connect(good, logger: quiet)
        try await connection.flush()
        await connection.close()
        #expect(await connectError(testConfiguration(server.url))?.code == .authorization)
        await server.stop()
    }

    @Test func anNKeySignsTheServersNonce() async throws {
        let server = try await LocalNATS.start(
            configuration: "authorization { users: [ { nkey: \(Self.publicKey) } ] }")
        let folder = try TemporaryFolder()
        let both = try folder.write("both.nk", "\(Self.seed)\n\(Self.publicKey)\n")
        let seedOnly = try folder.write("seed.nk", "\(Self.seed)\n")
        var configuration = testConfiguration(server.url)
        configuration.nkeySeedFile = both
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        try await connection.flush()
        await connection.close()

        configuration.nkeySeedFile = seedOnly
        let missing = await connectError(configuration)
        #expect(missing?.code == .invalidArgument)
        #expect(missing?.message.contains("nkeyPublicKey") == true)
        configuration.nkeyPublicKey = Self.publicKey
        let accepted = await connectError(configuration)
        #expect(accepted?.description == nil)

        let wrong = try folder.write(
            "wrong.nk", Self.seed.replacingOccurrences(of: "SUALFST3", with: "SUALFST4") + "\n")
        configuration.nkeySeedFile = wrong
        #expect(await connectError(configuration) != nil)
        #expect(await connectError(testConfiguration(server.url))?.code == .authorization)
        await server.stop()
    }

    @Test func aRefusedPermissionIsToldAndExplainsTheTimeout() async throws {
        let server = try await LocalNATS.start(
            configuration: """
                authorization { users: [
                    { user: relay, password: pw, permissions: { publish: ["ok.>"], subscribe: ["_INBOX.>"] } }
                ] }
                """)
        let connection = try await NATSConnection.connect(
            testConfiguration("nats://relay:pw@127.0.0.1:\(server.port)"), logger: quiet)
        let log = EventLog(connection)
        try await eventually("the server's word came before the time-out", within: .seconds(60)) {
            let error = await natsError { () throws(NATSError) in
                try await connection.request("forbidden.subject", timeout: .seconds(2))
            }
            #expect(error?.code == .timeout)
            return error?.message.localizedCaseInsensitiveContains("permissions violation") == true
        }
        try await eventually("an event") { await log.events.contains("error permission") }
        #expect(connection.isConnected)
        await connection.close()
        await server.stop()
    }

    @Test func changedCredentialsAreTriedForEver() async throws {
        let server = try await LocalNATS.start(configuration: "authorization { user: ana, password: uno }")
        let connection = try await NATSConnection.connect(
            testConfiguration("nats://ana:uno@127.0.0.1:\(server.port)"), logger: quiet)
        await server.kill()
        // The same port with another password refuses this client, which must not give up for that.
        let other = try await LocalNATS.start(
            port: server.port, configuration: "authorization { user: ana, password: dos }")
        try await eventually("refused several times", within: .seconds(30)) {
            other.logTail(lines: 100).split(separator: "\n").count { $0.contains("authentication error") } >= 4
        }
        await other.stop()
        try await server.restart()
        #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
        await connection.close()
        await server.stop()
    }

    @Test func tlsIsVerifiedAgainstTheGivenAuthority() async throws {
        let folder = try TemporaryFolder()
        let certificate = try await folder.makeCertificate()
        let server = try await LocalNATS.start(
            configuration: "tls { cert_file: \"\(certificate.certificate)\", key_file: \"\(certificate.key)\" }")
        var configuration = testConfiguration("tls://localhost:\(server.port)")
        configuration.tls = NATSTLS(caFile: certificate.certificate)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        try await connection.flush()
        await connection.close()

        configuration.tls?.expectedHostname = "other.example"
        #expect(await connectError(configuration)?.code == .authorization)
        // Not signed by an authority of the system.
        #expect(await connectError(testConfiguration("tls://localhost:\(server.port)"))?.code == .authorization)
        configuration.tls = NATSTLS(caFile: "/does/not/exist.pem")
        #expect(await connectError(configuration)?.message.hasPrefix("tls.caFile: cannot read") == true)
        await server.stop()
    }

    @Test func mutualTLSPresentsTheClientsCertificate() async throws {
        let folder = try TemporaryFolder()
        let files = try await folder.makeCertificate()
        let server = try await LocalNATS.start(
            configuration: """
                tls { cert_file: "\(files.certificate)", key_file: "\(files.key)", ca_file: "\(files.certificate)", \
                verify: true }
                """)
        var configuration = testConfiguration("nats://localhost:\(server.port)")
        configuration.tls = NATSTLS(
            caFile: files.certificate, certificateFile: files.certificate, keyFile: files.key)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        try await connection.flush()
        await connection.close()
        configuration.tls = NATSTLS(caFile: files.certificate)
        #expect(await connectError(configuration) != nil)
        await server.stop()
    }
}
