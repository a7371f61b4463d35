import Synchronization

/// A reproducible source of numbers that may be shared (SplitMix64).
final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) {
        state = Mutex(seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    }

    /// From 0 up to, not including, the bound.
    func next(_ bound: Int) -> Int {
        let value = state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        return Int(value % UInt64(bound))
    }
}
