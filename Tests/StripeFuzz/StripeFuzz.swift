/// The fuzzer's entry: libFuzzer brings `main`, and calls this with what it has made up.
/// Source: https://llvm.org/docs/LibFuzzer.html
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let problem = StripeWireCheck.problem(with: input) { fatalError(problem) }
    return 0
}
