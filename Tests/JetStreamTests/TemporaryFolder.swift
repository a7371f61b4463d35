import Foundation
import Testing

/// A folder that goes with its last reference.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("jetstream-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func write(_ name: String, _ text: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// A certificate for localhost that signs itself, for servers and clients.
    func makeCertificate() async throws -> (certificate: String, key: String) {
        let certificate = url.appendingPathComponent("cert.pem").path
        let key = url.appendingPathComponent("key.pem").path
        let command = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext extendedKeyUsage=serverAuth,clientAuth \
            -keyout \(key) -out \(certificate) 2>/dev/null
            """
        // Not Foundation's Process, which leaks: the leak sanitizer is to find what is ours.
        let status = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let output = popen(command, "r")
                continuation.resume(returning: output.map { pclose($0) } ?? -1)
            }
        }
        try #require(status == 0, "openssl")
        return (certificate, key)
    }
}
