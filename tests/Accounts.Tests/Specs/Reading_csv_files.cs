using System.Globalization;
using System.Text;
using CsCheck;
using Hikyaku.Accounts.Files;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Reading_csv_files
{
    private const string Header = "mail_account,password,mail_capacity,comment";
    private static readonly int Inputs = Campaign.Size("inputs", everyDay: 10_000);
    private static readonly Encoding Cp932 = CodePagesEncodingProvider.Instance.GetEncoding(932)!;

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("utf-8", "\r\n", ",")]
    [InlineData("utf-8", "\n", ",")]
    [InlineData("utf-8", "\n", "\t")]
    [InlineData("bom", "\r\n", ",")]
    [InlineData("bom", "\r\n", "\t")]
    [InlineData("cp932", "\r\n", ",")]
    [InlineData("cp932", "\n", "\t")]
    public void Excel_and_Unix_tools_are_understood(string encoding, string end, string separator)
    {
        string[][] lines = [["mail_account", "password", "mail_capacity", "comment"], ["taro", "Hatsukoi-12ab", "100", "営業部 表示ソ能"], ["hanako", "Betsu-no-98yz", "", "ｶﾅ～"]];
        var text = string.Concat(lines.Select(l => string.Join(separator, l) + end));
        byte[] file = encoding switch { "cp932" => Cp932.GetBytes(text), "bom" => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)], _ => Encoding.UTF8.GetBytes(text) };
        var content = CsvFile.Read(file, CsvKind.Registration);
        Assert.Empty(content.Problems);
        Assert.Equal([2, 3], content.Rows.Select(r => r.Line));
        Assert.Equal(lines[1], content.Rows[0].Cells.OrderBy(c => Array.IndexOf(lines[0], c.Key)).Select(c => c.Value));
        Assert.Equal(("ｶﾅ～", ""), (content.Rows[1].Cells["comment"], content.Rows[1].Cells["mail_capacity"]));
    }

    [Fact, Trait("Rule", "ACC-12")]
    public void Every_code_that_Python_and_pandas_write_as_CP932_is_read()
    {
        var runs = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Specs", "cp932-of-python.txt")).Where(l => l[0] != '#').ToList();
        var codes = 0;
        foreach (var run in runs)
        {
            var (code, text) = (int.Parse(run.AsSpan(0, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture), run[5..]);
            var bytes = new List<byte>();
            foreach (var _ in text.EnumerateRunes())
            {
                bytes.AddRange([(byte)(code >> 8), (byte)code]);
                code += (code & 0xFF) switch { 0x7E => 2, 0xFC => 0x100 - 0xFC + 0x40, _ => 1 };
                codes++;
            }

            byte[] file = [.. Encoding.ASCII.GetBytes($"{Header}\ntaro,Hatsukoi-12ab,,x"), .. bytes, (byte)'\n'];
            Assert.Equal("x" + text, Cell(CsvFile.Read(file, CsvKind.Registration), "comment"));
        }

        Assert.Equal(7724, codes);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public void Of_any_bytes_the_first_that_are_not_in_the_declared_charset_are_named()
    {
        var (random, strict) = (new Random(20261129), new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (var i = 0; i < Inputs / 4; i++)
        {
            var bytes = new byte[random.Next(1, 12)];
            random.NextBytes(bytes);
            if (i % 2 == 0) bytes = [.. "あ髙ｱa"u8[..(random.Next(4) * 3)], (byte)'\n', .. bytes.Select(b => (byte)(b & 0x7F))];
            foreach (var charset in Enum.GetValues<DeclaredCharset>())
            {
                var bad = CsvText.FirstBeyond(bytes, charset);
                if (charset == DeclaredCharset.Ascii) Assert.Equal(bytes.All(b => b < 0x80), bad is null);
                if (bad is null)
                {
                    var text = strict.GetString(CsvText.Declared(bytes, charset));
                    if (charset != DeclaredCharset.Cp932) Assert.Equal(strict.GetString(bytes), text.TrimStart('\uFEFF'));
                    continue;
                }

                // What stands before it is right, and with it, it is not.
                var at = bytes.Select((b, n) => b == '\n' ? n + 1 : 0).Where(n => n > 0).Prepend(0).ElementAt(bad.Value.Line - 1) + bad.Value.Byte - 1;
                Assert.Null(CsvText.FirstBeyond(bytes.AsSpan(0, at), charset));
                Assert.NotNull(CsvText.FirstBeyond(bytes.AsSpan(0, at + bad.Value.Hex.Split(' ').Length), charset));
                Assert.StartsWith(bytes[at].ToString("X2", CultureInfo.InvariantCulture), bad.Value.Hex, StringComparison.Ordinal);
            }
        }
    }

    [Fact, Trait("Rule", "ACC-12")]
    public void A_byte_that_no_character_has_is_named_with_its_place()
    {
        byte[] file = [.. Encoding.ASCII.GetBytes($"{Header}\ntaro,Hatsukoi-12ab,,"), 0x8D, 0x82, 0xFF, (byte)'\n'];
        var problem = Assert.Single(CsvFile.Read(file, CsvKind.Registration).Problems);
        Assert.Equal((2, ("byte", (object)23), ("hex", (object)"FF")), (problem.Line, problem.Args[0], problem.Args[1]));
    }

    [Fact, Trait("Rule", "ACC-9")]
    public void A_file_with_semicolons_is_named_as_such()
    {
        Assert.Equal([(1, "csv.semicolons")], Found(Read("mail_account;password;mail_capacity;comment\ntaro;Hatsukoi-12ab;;\n")));
        Assert.Equal([(1, "csv.semicolons")], Found(Read("\"mail_account\";\"password\"\n\"taro\";\"Hatsukoi-12ab\"\n")));
    }

    [Fact, Trait("Rule", "ACC-9")]
    public void Columns_stand_in_any_order_and_their_names_in_any_case()
    {
        var content = Read("Comment , MAIL_CAPACITY,\"password\",mail_account\nx,1,Hatsukoi-12ab,taro\n");
        Assert.Empty(content.Problems);
        Assert.Equal(("taro", "Hatsukoi-12ab", "1", "x"), (Cell(content, "mail_account"), Cell(content, "password"), Cell(content, "mail_capacity"), Cell(content, "comment")));
    }

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData(CsvKind.Registration)]
    [InlineData(CsvKind.Change)]
    public void The_header_of_an_export_is_understood(CsvKind kind)
    {
        var content = Read(
            "mail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity,auto_sort,status,forced_change\ntaro,Hatsukoi-12ab,x,1,0,0,0,1,100,0,normal,0\n", kind);
        Assert.Empty(content.Problems);
        Assert.Equal(["comment", "mail_account", "mail_capacity", "password"], content.Rows.Single().Cells.Keys.Order());
        Assert.Equal("Hatsukoi-12ab", Cell(content, "password"));
    }

    [Fact, Trait("Rule", "ACC-10")]
    public void A_column_that_is_absent_is_absent()
        => Assert.Equal(["mail_account", "mail_capacity"], Read("mail_account,mail_capacity\ntaro,5\n", CsvKind.Change).Rows.Single().Cells.Keys.Order());

    [Fact, Trait("Rule", "ACC-9")]
    public void A_record_is_named_by_the_line_on_which_it_starts()
    {
        var content = Read($"{Header}\r\ntaro,x,1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\nhanako,x,1,\"a\nb\nc\"\njiro,x,1,\n,,,\nsaburo,x,1\n");
        Assert.Equal([2, 5, 8], content.Rows.Select(r => r.Line));
        Assert.Equal("two\r\nlines, \"quoted\"", Cell(content, "comment"));
        Assert.Equal([(10, "csv.too-few-cells")], Found(content));
    }

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("'=1+1", "=1+1")]
    [InlineData("''=1+1", "'=1+1")]
    [InlineData("''quoted", "'quoted")]
    [InlineData("'own", "'own")]
    [InlineData("'", "'")]
    [InlineData("=1+1", "=1+1")]
    [InlineData("'＝1", "＝1")]
    [InlineData(" as it is ", " as it is ")]
    public void The_apostrophe_that_guards_a_formula_goes(string cell, string comment)
        => Assert.Equal(comment, Cell(Read($"{Header}\ntaro,x,1,{cell}\n"), "comment"));

    [Theory, Trait("Rule", "ACC-9")]
    [InlineData(" Hatsukoi-12ab ")]
    [InlineData("'=Hatsukoi-12ab")]
    [InlineData("ｐａｓｓ")]
    public void A_password_is_taken_exactly_as_typed(string password)
        => Assert.Equal(password, Cell(Read($"{Header}\ntaro,{password},1,\n"), "password"));

    [Fact, Trait("Rule", "ACC-1")]
    public void Blanks_around_accounts_and_capacities_go_and_full_width_stays_to_be_diagnosed()
    {
        var content = Read($"{Header}\n taro ,x, 100\t,\nｔａｒｏ,x,１００,\n");
        Assert.Equal(("taro", "100"), (Cell(content, "mail_account"), Cell(content, "mail_capacity")));
        Assert.Equal(("ｔａｒｏ", "１００"), (content.Rows[1].Cells["mail_account"], content.Rows[1].Cells["mail_capacity"]));
    }

    public static TheoryData<string, byte[]> NoCsv => new()
    {
        { "csv.empty", [] },
        { "csv.empty", "\uFEFF\r\n \r\n"u8.ToArray() },
        { "csv.picture", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0] },
        { "csv.picture", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10] },
        { "csv.picture", "GIF89a"u8.ToArray() },
        { "csv.archive", [0x50, 0x4B, 3, 4, 20, 0] },
        { "csv.archive", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1] },
        { "csv.utf-16", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Header)] },
        { "csv.utf-16", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(Header)] },
        { "csv.utf-16", Encoding.Unicode.GetBytes(Header) },
        { "csv.utf-16", Encoding.BigEndianUnicode.GetBytes(Header) },
        { "csv.no-rows", Encoding.UTF8.GetBytes(Header) },
        { "csv.no-rows", Encoding.UTF8.GetBytes($"{Header}\r\n\r\n,,,\r\n") },
        { "csv.header-missing", "taro,Hatsukoi-12ab,100,x\n"u8.ToArray() },
        { "csv.too-large", new byte[CsvFile.MaxBytes + 1] },
    };

    [Theory, Trait("Rule", "ACC-12")]
    [MemberData(nameof(NoCsv))]
    public void What_is_no_such_file_is_refused_by_its_name(string code, byte[] file)
    {
        var content = CsvFile.Read(file, CsvKind.Registration);
        Assert.Equal([(1, code)], Found(content));
        Assert.Empty(content.Rows);
    }

    [Theory, Trait("Rule", "ACC-9")]
    [InlineData("account,password,mail_capacity,comment", "csv.column-unknown,csv.column-missing")]
    [InlineData("mail_account,pass,mail_capacity,comment", "csv.column-unknown,csv.column-missing")]
    [InlineData("mail_account,password,mail_capacity,coment", "csv.column-unknown")]
    [InlineData("mail_account,password,mail_capacity,comment,", "csv.column-unknown")]
    [InlineData("mail_account,password,mail_password,comment", "csv.column-twice")]
    [InlineData("mail_account,password,MAIL_ACCOUNT,comment", "csv.column-twice")]
    [InlineData("mail_capacity,comment", "csv.column-missing,csv.column-missing")]
    public void A_header_that_is_not_right_is_refused_with_all_that_is_wrong(string header, string codes)
        => Assert.Equal(codes.Split(','), Read($"{header}\ntaro,x,1,\n").Problems.Select(p => p.Code.Code));

    [Fact, Trait("Rule", "ACC-9")]
    public void All_that_is_wrong_with_records_is_named_together_and_the_others_are_read()
    {
        var content = Read(
            $"{Header}\ntaro,x,1\nhanako,x,1,,,\njiro,{new string('x', 1_048_576)},1,\nsaburo,x,1,\0\nshiro,x\u0007,1,\ngoro,x,1,a\"b\nrokuro,\"x\"y,1,\nshichiro,x,1,\nShichiro,x,1,\nhachiro,x,1,\"never closed\n\n");
        Assert.Equal(
            [
                (2, "csv.too-few-cells"), (3, "csv.too-many-cells"), (4, "csv.cell-too-long"), (5, "csv.control-character"), (6, "csv.control-character"),
                (7, "csv.misplaced-quote"), (8, "csv.misplaced-quote"), (10, "csv.duplicate"), (11, "csv.unclosed-quote"),
            ],
            Found(content));
        Assert.Equal([null, null, "password", "comment", "password"], content.Problems.Take(5).Select(p => p.Column));
        Assert.Contains(content.Rows, r => r.Cells["mail_account"] == "shichiro");
    }

    [Theory, Trait("Rule", "ACC-9")]
    [InlineData("taro", "TARO", true)]
    [InlineData("taro", "Taro@example.jp", true)]
    [InlineData("taro@EXAMPLE.jp", "taro", true)]
    [InlineData("taro@日本語.jp", "taro@xn--wgv71a119e.jp", true)]
    [InlineData("taro@example.jp", "taro@example.com", false)]
    [InlineData("taro", "hanako", false)]
    public void One_account_in_two_spellings_is_found(string first, string second, bool same)
    {
        var content = Read($"{Header}\n{first},x,1,\n{second},x,1,\n");
        Assert.Equal(same ? [(3, "csv.duplicate")] : [], Found(content));
        if (same) Assert.Equal(2, content.Problems[0].Args.Single(a => a.Name == "line").Value);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public void Bytes_that_are_in_no_encoding_are_named_by_line()
    {
        byte[] file = [.. Encoding.UTF8.GetBytes($"{Header}\ntaro,x,1,営業部\nhanako,x,1,"), 0xFF, 0xFE, .. "\njiro,x,1,\n"u8];
        Assert.Equal([(3, "csv.undecodable")], Found(CsvFile.Read(file, CsvKind.Registration)));
        file = [.. Cp932.GetBytes($"{Header}\ntaro,x,1,営業部\nhanako,x,1,総務部\njiro,x,1,"), 0x81, 0x0A];
        Assert.Equal([(4, "csv.undecodable")], Found(CsvFile.Read(file, CsvKind.Registration)));
    }

    [Fact, Trait("Rule", "ACC-9")]
    public void A_thousand_problems_are_named_and_the_rest_is_counted()
    {
        var content = Read($"{Header}\n{string.Concat(Enumerable.Repeat("x\n", 1500))}");
        Assert.Equal((1000, 500L), (content.Problems.Count, content.MoreProblems));
    }

    [Fact, Trait("Rule", "ACC-9")]
    public void So_many_rows_are_taken_and_no_more()
    {
        var rows = string.Concat(Enumerable.Range(0, CsvFile.MaxRows).Select(i => string.Create(CultureInfo.InvariantCulture, $"a{i},x,1,\n")));
        Assert.Equal(CsvFile.MaxRows, Read($"{Header}\n{rows}").Rows.Count);
        var content = Read($"{Header}\n{rows}b1,x,1,\n");
        Assert.Equal([(CsvFile.MaxRows + 2, "csv.too-many-rows")], Found(content));
        Assert.Empty(content.Rows);
    }

    [Fact, Trait("Rule", "SEC-6"), Trait("Size", "inputs")]
    public Task Any_bytes_are_answered()
        => EachIsAnsweredAsync(Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool, (bytes, withHeader) => withHeader ? [.. Encoding.UTF8.GetBytes(Header), (byte)'\n', .. bytes] : bytes));

    [Fact, Trait("Rule", "SEC-6"), Trait("Size", "inputs")]
    public Task Any_text_of_what_files_are_made_of_is_answered()
        => EachIsAnsweredAsync(Gen.Select(
            Gen.OneOf("\"", ",", "\t", "\r", "\n", "a", "@", "'", "=", "\0", "営", "\uFEFF", "mail_account", "password").Array[0, 60], Gen.OneOf(Encoding.UTF8, Cp932),
            (parts, encoding) => encoding.GetBytes($"{Header}\n{string.Concat(parts)}")));

    [Fact, Trait("Rule", "ACC-9")]
    public void Lines_are_counted_right_whatever_comments_hold()
        => Gen.OneOf("\n", "\r\n", "\"", ",", "x", "営").Array[0, 12].Select(p => string.Concat(p)).Array[1, 20].Sample(comments =>
        {
            var (text, expected) = (new StringBuilder($"{Header}\r\n"), new List<int>());
            for (var i = 0; i < comments.Length; i++)
            {
                expected.Add(1 + text.ToString().Count(c => c == '\n'));
                text.Append(CultureInfo.InvariantCulture, $"a{i},x,1,\"{comments[i].Replace("\"", "\"\"", StringComparison.Ordinal)}\"\r\n");
            }

            var content = Read(text.ToString());
            Assert.Equal(expected, content.Rows.Select(r => r.Line));
            Assert.Equal(comments, content.Rows.Select(r => r.Cells["comment"]));
        }, iter: 2_000);

    [Fact, Trait("Rule", "ACC-9")]
    public void No_problem_quotes_what_stands_in_the_column_of_passwords()
        => Gen.String.Sample(password =>
        {
            var content = Read($"{Header}\ntaro,SECRET{password},1,\n{Header}\nTaro,SECRET{password}\n");
            Assert.DoesNotContain(content.Problems, p => p.Args.Any(a => a.Value.ToString()!.Contains("SECRET", StringComparison.Ordinal)));
        }, iter: 2_000);

    [Fact, Trait("Rule", "ACC-9")]
    public void A_row_does_not_show_its_password() => Assert.DoesNotContain("Hatsukoi", Read($"{Header}\ntaro,Hatsukoi-12ab,1,\n").Rows[0].ToString(), StringComparison.Ordinal);

    // The same files at every run. One that is never answered fails, too.
    private static async Task EachIsAnsweredAsync(Gen<byte[]> files)
    {
        var (random, n, file) = (new PCG(1, (ulong)Campaign.Seed), 0, Array.Empty<byte>());
        try
        {
            await Task.Run(() =>
            {
                for (; n < Inputs; n++)
                {
                    file = files.Generate(random, null, out _);
                    var content = CsvFile.Read(file, n % 2 == 0 ? CsvKind.Registration : CsvKind.Change);
                    Assert.True(content.Rows.Count > 0 || content.Problems.Count > 0);
                }
            }).WaitAsync(TimeSpan.FromMinutes(10));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"File {n} of seed {Campaign.Seed}: {Convert.ToHexString(file)}", e);
        }
    }

    private static CsvContent Read(string text, CsvKind kind = CsvKind.Registration) => CsvFile.Read(Encoding.UTF8.GetBytes(text), kind);

    private static string Cell(CsvContent content, string column) => content.Rows[0].Cells[column];

    private static (int, string)[] Found(CsvContent content) => [.. content.Problems.Select(p => (p.Line, p.Code.Code))];
}
