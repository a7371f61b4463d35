/// The fuzzer around ``StripeWireCheck``. SwiftPM names an executable's entry after its target, so libFuzzer's own `main` is
/// not taken, and its driver is called here instead.
/// Source: https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
@_cdecl("StripeFuzz_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var count = count
    var arguments = arguments
    return runFuzzer(&count, &arguments) { bytes, count in
        let input = Array(UnsafeBufferPointer(start: bytes, count: count))
        if let problem = StripeWireCheck.problem(with: input) { fatalError(problem) }
        return 0
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
