using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Hikyaku.Accounts.BulkRegistration;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Exporting_and_importing
{
    private const string Password = "Hatsukoi-12ab";

    private static readonly Gen<string> Comments = Gen.OneOf(
        "\"", "\n", "\r\n", ",", "\t", "'", "=", "+", "-", "@", "＝", "＠", "１", "ａ", "営業部", "表", "ソ", "ｶﾞ", "～", "―", "①", "髙", " ", "　", "x", "100%").Array[0, 12].Select(p => string.Concat(p));

    // How a name may go on (ACC-1).
    private static readonly Gen<string> Names = Gen.OneOf("", "a", "9", ".x", "_", "-", "-b", "_c.d").Array[0, 4].Select(p => $"{string.Concat(p)}z");

    private static readonly Domain Roomy = Judging_files.Example with { MaxAccounts = 1000, MaxCapacityMb = 100_000_000 };

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Nothing_is_lost_when_an_export_with_filled_in_passwords_is_imported(bool cp932, bool all)
        => Gen.Select(Comments, Names).Array[1, 10].Select(Gen.Int[1, 100_000]).Sample((rows, capacity) =>
        {
            var accounts = rows.Select((r, i) => new ExportedAccount($"user{i}{r.Item2}@example.jp", r.Item1.Length == 0 ? null : r.Item1, i * 1_048_577L, capacity + i, i % 2 == 0)).ToList();
            var content = CsvFile.Read(FillIn(Export(accounts, cp932, all), cp932), CsvKind.Registration);
            Assert.Empty(content.Problems);
            Assert.Equal(
                accounts.Select(a => (a.Address.Split('@')[0], Password, a.CapacityMb.ToString(System.Globalization.CultureInfo.InvariantCulture), a.Comment ?? "")),
                content.Rows.Select(r => (r.Cells["mail_account"], r.Cells["password"], r.Cells["mail_capacity"], r.Cells["comment"])));
            var problems = new FileProblems(content);
            RegistrationRules.Judge(new(Roomy, 100, new(0, 0), new Dictionary<string, AddressReservation>()), content, problems);
            // No account has a comment of several lines; the format keeps them all the same.
            var ofSeveralLines = accounts.Count(a => a.Comment?.AsSpan().ContainsAny('\n', '\r', '\t') == true);
            Assert.Equal(Enumerable.Repeat("accounts.comment-characters", ofSeveralLines), problems.Shown.Select(p => p.Code.Code));
        }, iter: 1_000);

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("=cmd|'/c calc'!A1")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("＝1+1")]
    [InlineData("'quoted")]
    [InlineData("\t=1")]
    public void A_cell_that_a_spreadsheet_would_run_is_guarded(string comment)
        => Assert.Contains($",'{comment},", Text(Export([new("taro@example.jp", comment, 0, 1, false)], cp932: false, all: false)), StringComparison.Ordinal);

    [Fact, Trait("Rule", "ACC-11")]
    public void The_columns_are_the_manuals_and_the_password_is_empty()
        => Assert.Equal(
            "\uFEFFmail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity\r\ntaro,,営業部,2,0,0,0,1,100\r\n",
            Text(Export([new("taro@example.jp", "営業部", 1_048_577, 100, true)], cp932: false, all: false)));

    [Fact, Trait("Rule", "ACC-11")]
    public void All_columns_are_these_and_three_more()
        => Assert.Equal(
            "\uFEFFmail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity,auto_sort,status,forced_change\r\n"
            + "jiro,,,0,0,0,0,1,1,0,normal,0\r\ntaro,,,0,0,0,0,1,1,0,password-forcibly-changed,1\r\n",
            Text(Export([new("jiro@example.jp", null, 0, 1, false), new("taro@example.jp", null, 0, 1, true)], cp932: false, all: true)));

    [Fact, Trait("Rule", "ACC-11")]
    public void Routing_and_spam_settings_stand_in_their_columns()
        => Assert.EndsWith("\r\ntaro,,,0,1,1,1,0,1,1,normal,0\r\n", Text(Export(
            [new("taro@example.jp", null, 0, 1, false, Forwarding: true, Autoreply: true, Reception: false, TagSubject: true, SortToJunk: true)], cp932: false, all: true)), StringComparison.Ordinal);

    [Fact, Trait("Rule", "ACC-12")]
    public void CP932_has_no_byte_order_mark()
        => Assert.StartsWith("mail_account", Encoding.ASCII.GetString(Export([], cp932: true, all: false)), StringComparison.Ordinal);

    private static byte[] Export(IReadOnlyList<ExportedAccount> accounts, bool cp932, bool all)
    {
        using var file = new MemoryStream();
        AccountsCsv.WriteAsync(file, accounts.ToAsyncEnumerable(), cp932, all, CancellationToken.None).GetAwaiter().GetResult();
        return file.ToArray();
    }

    // As a person does it in a spreadsheet: the second cell of each record. A record begins with its account's name.
    private static byte[] FillIn(byte[] file, bool cp932)
    {
        var encoding = cp932 ? CodePagesEncodingProvider.Instance.GetEncoding(932)! : Encoding.UTF8;
        var text = encoding.GetString(file);
        return encoding.GetBytes(Regex.Replace(text, @"(?<=\r\nuser\d[a-z0-9._-]*,)(?=,)", Password));
    }

    private static string Text(byte[] file) => Encoding.UTF8.GetString(file);
}
