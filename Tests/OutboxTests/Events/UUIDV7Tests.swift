import Foundation
import Testing

@testable import Outbox

@Suite("UUID version 7")
struct UUIDV7Tests {
    /// The example of RFC 9562, appendix A.6.
    @Test("the RFC's example comes out")
    func rfcExample() {
        let id = UUID.v7(milliseconds: 0x017F_22E2_79B0, randomA: 0xCC3, randomB: 0x18C4_DC0C_0C07_398F)
        #expect(id.lowercased == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test("later ids sort after earlier ones")
    func sorts() {
        let ids = (0..<100).map { UUID.v7(milliseconds: 1_000_000 + $0, randomA: .random(in: 0 ... .max), randomB: 0) }
        #expect(ids.map(\.uuidString) == ids.map(\.uuidString).sorted())
    }

    @Test("an id that follows another one sorts after it, also when the clock went back or stands")
    func follows() throws {
        let first = UUID.v7(milliseconds: 2_000, randomA: 7, randomB: 7)
        let later = UUID.v7(milliseconds: 2_001, randomA: 0, randomB: 0)
        #expect(later.following(first) == later && first.following(nil) == first)
        for id in [UUID.v7(milliseconds: 1_000, randomA: 9, randomB: 9), first] {
            let next = id.following(first)
            #expect(next > first && next < later)
        }
        let full = try #require(UUID(uuidString: "017f22e2-79b0-7cc3-98c4-ffffffffffff"))
        #expect(first.following(full).lowercased == "017f22e2-79b0-7cc3-98c5-000000000000")
    }
}
