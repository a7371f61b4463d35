/// The codes of SQLSTATE that this project acts upon.
/// All: https://www.postgresql.org/docs/current/errcodes-appendix.html.
public enum PostgresSQLState {
    public static let featureNotSupported = "0A000"
    public static let notNullViolation = "23502"
    public static let foreignKeyViolation = "23503"
    public static let uniqueViolation = "23505"
    public static let checkViolation = "23514"
    public static let invalidTransactionState = "25000"
    public static let inFailedTransaction = "25P02"
    public static let invalidSQLStatementName = "26000"
    public static let serializationFailure = "40001"
    public static let deadlockDetected = "40P01"
    public static let undefinedTable = "42P01"
    public static let lockNotAvailable = "55P03"
    public static let queryCanceled = "57014"
    public static let adminShutdown = "57P01"
}
