/// A small repeatable source of randomness: the same seed gives the same ids and the same faults.
/// Source: SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The same seed gives the same sequence.
    public init(seed: UInt64) { state = seed }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// An identifier as Stripe writes them, such as `pi_3Kd…`.
    mutating func identifier(_ prefix: String, length: Int = 24) -> String {
        var text = prefix + "_"
        for _ in 0..<length {
            text.append(Self.alphabet[Int(next() % UInt64(Self.alphabet.count))])
        }
        return text
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}
