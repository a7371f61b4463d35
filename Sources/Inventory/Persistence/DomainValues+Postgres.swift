import Postgres

extension ReservationStatus: PostgresEncodable, PostgresDecodable {}
extension ReservationStatus: PostgresArrayElement {
    static var postgresArrayType: PostgresType { String.postgresArrayType }
}
extension ReleaseReason: PostgresEncodable, PostgresDecodable {}
extension ReleaseReason: PostgresArrayElement {
    static var postgresArrayType: PostgresType { String.postgresArrayType }
}
extension LedgerEntry.Kind: PostgresEncodable, PostgresDecodable {}
extension LedgerEntry.Kind: PostgresArrayElement {
    static var postgresArrayType: PostgresType { String.postgresArrayType }
}
