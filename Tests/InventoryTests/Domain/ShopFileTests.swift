import Contracts
import ServiceRuntime
import Testing

@testable import Inventory

@Suite("A shop's file")
struct ShopFileTests {
    @Test("cells may be quoted, hold line ends and quotes; empty lines are passed; a record knows its line")
    func records() throws {
        let text = "a,b\r\n\r\n\"x \"\"y\"\"\nz\",2\n3,\"\"\n4"
        let (separator, records) = try CSV.records(of: Array(text.utf8))
        #expect(separator == .comma)
        #expect(
            records == [
                CSV.Record(line: 1, cells: ["a", "b"]), CSV.Record(line: 3, cells: ["x \"y\"\nz", "2"]),
                CSV.Record(line: 5, cells: ["3", ""]), CSV.Record(line: 6, cells: ["4"]),
            ])
    }

    @Test("the separator is the header's, and a byte order mark is passed")
    func separator() throws {
        let (separator, records) = try CSV.records(of: [0xEF, 0xBB, 0xBF] + Array("sku;price\nA;1,50\n".utf8))
        #expect(separator == .semicolon)
        #expect(records.map(\.cells) == [["sku", "price"], ["A", "1,50"]])
    }

    @Test(
        "what is no CSV is refused with its line",
        arguments: [("a,b\n\"open", 2), ("a\n\"x\"y", 2), ("a\nb\n\u{1}", 0)])
    func malformed(_ text: String, line: Int) {
        var bytes = Array(text.utf8)
        if line == 0 { bytes += [0xE9, 0x20] }
        #expect { try CSV.records(of: bytes) } throws: { error in
            (error as? CSV.Malformed)?.line == (line == 0 ? 3 : line)
        }
    }

    @Test(
        "any text comes back as it was, also one that a spreadsheet would take for a formula",
        arguments: ["=1+1", "'=1", "''=1", "-5", "+34 600", "@x", "it's", "'", "", "a,b;\"c\"\r\nd", "ñ 🏺"])
    func roundTrip(_ text: String) throws {
        for separator in CSV.Separator.allCases {
            let line = CSV.line(["x", CSV.guarded(text), "y"], separator: separator)
            let header = CSV.line(["1", "2", "3"], separator: separator)
            let (found, records) = try CSV.records(of: Array((header + line).utf8))
            #expect(found == separator)
            #expect(records.last.map { $0.cells.map(CSV.unguarded) } == ["x", text, "y"])
            if let first = CSV.guarded(text).first { #expect(!"=+-@".contains(first)) }
        }
    }

    @Test(
        "prices are read in the currency's own decimals",
        arguments: [
            ("38.50", "EUR", 3850), ("38,5", "EUR", 3850), ("38", "EUR", 3800), ("1200", "JPY", 1200),
            ("1.234", "KWD", 1234), ("38.505", "EUR", nil), ("1.200,50", "EUR", nil), ("12.0", "JPY", nil),
            ("", "EUR", nil), (".5", "EUR", nil), ("5.", "EUR", nil), ("-5", "EUR", nil), ("5 €", "EUR", nil),
            ("99999999999999999999", "EUR", nil),
        ] as [(String, String, Int64?)])
    func prices(_ text: String, _ currency: String, _ expected: Int64?) {
        let amount = DecimalPrice.minorUnits(text, currency: currency)
        #expect(amount == expected)
        if let amount {
            let written = DecimalPrice.text(Money(amount: amount, currency: currency))
            #expect(DecimalPrice.minorUnits(written, currency: currency) == amount)
        }
    }

    @Test("small prices are written with all their zeros")
    func smallPrices() {
        #expect(DecimalPrice.text(Money(amount: 5, currency: "EUR")) == "0.05")
        #expect(DecimalPrice.text(Money(amount: 5, currency: "KWD"), decimalSign: ",") == "0,005")
    }

    @Test("every bad line is told with its number, SKU and column; the good ones are read")
    func errors() throws {
        let file = try ShopFile(
            Array(
                """
                sku,title,price,currency,active,reservationTTLSeconds,lowStockThreshold,version,adjustStock
                JAR,A jar,12.50,EUR,sí,600,3,2,5
                bad sku,A jar,12.50,EUR,,,,,
                POT,,12.5x,euro,maybe,5,-1,zero,1.5
                JAR,Again,1,EUR
                CUP,A cup,4,EUR
                BOX,A box,1,EUR,,,,,,,,
                """.utf8))
        #expect(file.lines.map(\.sku) == ["JAR", "CUP"])
        let jar = try #require(file.lines.first)
        #expect(jar.price == Money(amount: 1250, currency: "EUR"))
        #expect(jar.isActive == true && jar.hold == .of(.seconds(600)) && jar.lowStockThreshold == 3)
        #expect(jar.version == .exactly(2) && jar.adjustStock == 5)
        let found = Set(file.errors.map { "\($0.line) \($0.column ?? "-") \($0.code)" })
        #expect(
            found == [
                "3 sku invalid", "4 price invalid", "4 active invalid", "4 reservationTTLSeconds range",
                "4 lowStockThreshold range", "4 version invalid", "4 adjustStock range", "4 title range",
                "4 currency invalid", "5 sku duplicate", "7 - cells",
            ])
    }

    @Test(
        "a header that is not one of a shop's file is refused, saying what is allowed",
        arguments: ["sku,title,price", "sku,title,price,currency,stock", "sku,sku,title,price,currency"])
    func header(_ header: String) {
        #expect { try ShopFile(Array("\(header)\n".utf8)) } throws: { ($0 as? Problem)?.code == "csv_columns" }
    }
}
