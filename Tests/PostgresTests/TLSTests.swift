import Foundation
import LocalServers
@testable import Postgres
import TestSupport
import Testing

@Suite struct TLSTests {
    @Test func largeResultsAndValuesTravelOverTLS() async throws {
        let certificate = try await Certificate.make()
        defer { certificate.remove() }
        let server = try await LocalPostgres.start(settings: [
            "fsync": "off", "ssl": "on", "ssl_cert_file": certificate.certificate.path,
            "ssl_key_file": certificate.key.path,
        ])
        do {
            let url = server.connectionString(database: "postgres")
            let verified = "?sslmode=verify-ca&sslrootcert=\(certificate.certificate.path)"
            let connection = try await PostgresConnection.connect(.patient(url + verified))
            let isEncrypted = try await connection.value(
                "select ssl from pg_stat_ssl where pid = pg_backend_pid()", as: Bool.self)
            #expect(isEncrypted)
            let rows = try await connection.query("select n, repeat('x', 1000) from generate_series(1, 20000) n")
            #expect(rows.count == 20_000)
            let bytes = [UInt8](repeating: 7, count: 10_000_000)
            let back = try await connection.value("select $1", bytes, as: [UInt8].self)
            #expect(back == bytes)
            await connection.close()
            // A server that cannot prove who it is is refused.
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresConnection.connect(
                    .patient(url + "?sslmode=verify-full&sslrootcert=/dev/null"))
            }
            #expect(error?.code == .connection)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}

/// A certificate that the server's user can read.
private struct Certificate {
    let directory: URL
    var certificate: URL { directory.appendingPathComponent("server.crt") }
    var key: URL { directory.appendingPathComponent("server.key") }

    static func make() async throws -> Certificate {
        let directory = URL(fileURLWithPath: "/var/tmp").appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        let made = Certificate(directory: directory)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", made.key.path, "-out", made.certificate.path,
        ]
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        try #require(status == 0, "openssl must be installed")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: made.key.path)
        // As root the server runs as another user, who has to own its key.
        if getuid() == 0, let user = getpwnam("postgres") {
            #expect(chown(made.key.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0)
        }
        return made
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}
