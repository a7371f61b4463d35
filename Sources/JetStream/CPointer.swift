/// A pointer to an object of libnats that goes from thread to thread.
///
/// `@unchecked Sendable`: libnats guards its objects with locks of their own; who holds one of these says who frees it.
struct CPointer: @unchecked Sendable {
    let raw: OpaquePointer
}
