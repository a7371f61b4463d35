import Crypto
import Foundation

/// A fresh user key pair for NATS. Source of the format: https://github.com/nats-io/nkeys, README.
struct NKeyPair {
    /// `SU…`: the prefix of a user's seed, the private key and a CRC-16, in base32.
    let seed: String
    /// `U…`: the prefix of a user, the public key and a CRC-16, in base32.
    let publicKey: String

    private static let userPrefix: UInt8 = 20 << 3
    private static let seedPrefix: UInt8 = 18 << 3

    init() {
        let key = Curve25519.Signing.PrivateKey()
        seed = Self.text([Self.seedPrefix | Self.userPrefix >> 5, Self.userPrefix << 3] + key.rawRepresentation)
        publicKey = Self.text([Self.userPrefix] + key.publicKey.rawRepresentation)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
        return base32(bytes + [UInt8(crc & 0xff), UInt8(crc >> 8)])
    }

    /// RFC 4648, without padding.
    private static func base32(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var text = ""
        var buffer = 0
        var bits = 0
        for byte in bytes {
            buffer = (buffer << 8 | Int(byte)) & 0xffff
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[buffer >> bits & 31])
            }
        }
        if bits > 0 { text.append(alphabet[buffer << (5 - bits) & 31]) }
        return text
    }
}
