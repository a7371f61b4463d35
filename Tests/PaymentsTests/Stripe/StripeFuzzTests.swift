import Foundation
import TestSupport
import Testing

@testable import Payments

@Suite("Stripe: whatever comes as a webhook")
struct StripeFuzzTests {
    /// The bodies that the fuzzer begins with too.
    private static func corpus() throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "StripeFuzz/Corpus")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
    }

    /// What is put into the bodies beside single bytes: what a JSON reader may stumble over.
    private static let words: [[UInt8]] = [
        "null", "true", "[]", "{}", "-1", "1e300", "9223372036854775808", "0.5", #""""#, #""\u0000""#,
        #""\ud83d\ude00""#,
        #""payment_intent""#, #""refund""#, #""charge""#, #""v2.core.event""#, #""requires_moon""#, "t=", ",v1=", "\n",
        #""9999-12-31T23:59:59.999Z""#, #""0001-01-01T00:00:00Z""#, #""related_object":null,"#, #""object":"event","#,
    ].map { Array($0.utf8) }

    /// `PAYMENT_SEEDS=4,5` runs others.
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["PAYMENT_SEEDS"]?.split(separator: ",").compactMap { UInt64($0) } ?? [
            1, 2, 3, 4,
        ]

    @Test("the samples themselves hold, and are read")
    func readsSamples() throws {
        let samples = try Self.corpus()
        #expect(samples.count >= 6)
        for sample in samples {
            #expect(StripeWireCheck.problem(with: sample) == nil)
            let body = sample.drop { $0 != 0x0A }
            #expect(throws: Never.self) { try JSONDecoder().decode(StripeEvent.self, from: Data(body)) }
        }
    }

    @Test(
        "however they are changed, nothing crashes, and what is read is stored and read back the same", arguments: seeds
    )
    func survivesChanges(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let samples = try Self.corpus()
        for round in 0..<500 {
            var bytes = try #require(samples.randomElement(using: &random))
            for _ in 0..<Int.random(in: 1...6, using: &random) { Self.change(&bytes, &random) }
            let problem = StripeWireCheck.problem(with: bytes)
            #expect(
                problem == nil,
                "seed \(seed), round \(round): \(problem ?? ""): \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...5, using: &random) {
        case 0: bytes[index] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(.random(in: 0...255, using: &random), at: index)
        case 3: bytes.removeSubrange(index..<min(bytes.count, index + .random(in: 1...40, using: &random)))
        case 4: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: index)
        default: replaceValue(&bytes, &random)
        }
    }

    /// Puts a word in place of a member's value, so that the body stays JSON.
    private static func replaceValue(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
        guard let colon = colons.randomElement(using: &random) else { return }
        let ends = [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")]
        let end = bytes[colon...].firstIndex { ends.contains($0) } ?? bytes.endIndex
        bytes.replaceSubrange(colon + 1..<end, with: words.randomElement(using: &random) ?? [])
    }
}
