using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;

namespace Hikyaku.Journeys;

/// <summary>A company moves in with a file that Japanese Excel has saved.</summary>
public sealed partial class Accounts_from_a_file(PlatformUnderTest platform)
{
    private static readonly int Accounts = Campaign.Size("accounts", everyDay: 200);
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(10);

    static Accounts_from_a_file() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance); // also for answers in CP932

    private static IEnumerable<int> Numbers => Enumerable.Range(0, Accounts);

    [Fact, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10"), Trait("Rule", "ACC-11"), Trait("Rule", "ACC-12"), Trait("Rule", "OPS-3"), Trait("Size", "accounts")]
    public async Task Accounts_from_a_CP932_file_are_changed_by_a_file_put_back_and_moved_by_export()
    {
        var domain = await platform.DomainAsync(maxAccounts: 20_000, maxCapacityMb: 10_000_000);
        var rows = Numbers.Select(i => $"{NameOf(i)},{PasswordOf(i)},{CapacityOf(i)},{CommentCellOf(i)}\r\n");
        var registered = await FinishedAsync(await UploadAsync(domain, "imports", $"mail_account,password,mail_capacity,comment\r\n{string.Concat(rows)}"));
        Assert.Equal(Accounts, registered["result"]!["registered"]!.GetValue<int>());
        await AssertSampleAsync(domain, PasswordOf, CapacityOf, CommentOf);

        // Every second account gets another capacity and comment, and half of these another password, too.
        string LaterPasswordOf(int i) => PasswordOf(i % 4 == 0 ? i + 1_000_000 : i);
        var changes = Numbers.Where(i => i % 2 == 0).Select(i => $"{NameOf(i)},{(i % 4 == 0 ? LaterPasswordOf(i) : "")},{CapacityOf(i) + 10},移転\r\n");
        var change = await UploadAsync(domain, "bulk-changes", $"mail_account,password,mail_capacity,comment\r\nnobody,,,\r\n{string.Concat(changes)}");
        var changed = await FinishedAsync(change);
        Assert.Equal(((Accounts + 1) / 2, 1), (changed["result"]!["changed"]!.GetValue<int>(), changed["result"]!["skipped"]!.GetValue<int>()));
        await AssertSampleAsync(domain, LaterPasswordOf, i => CapacityOf(i) + (i % 2 == 0 ? 10 : 0), i => i % 2 == 0 ? "移転" : CommentOf(i));

        var undone = await FinishedAsync(await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/jobs/{change.Body!["id"]}/undo"));
        Assert.Equal(((Accounts + 1) / 2, (Accounts + 3) / 4), (undone["result"]!["undone"]!.GetValue<int>(), undone["result"]!["leftCount"]!.GetValue<int>()));
        Assert.All(undone["result"]!["left"]!.AsArray(), l => Assert.Equal("accounts.password-not-undoable", l!["code"]!.GetValue<string>()));
        await AssertSampleAsync(domain, LaterPasswordOf, CapacityOf, CommentOf);

        const string postmaster = "postmaster,,,0,0,0,0,1,100\r\n";
        var expected = "mail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity\r\n" + postmaster
            + string.Concat(Numbers.Select(i => $"{NameOf(i)},,{CommentCellOf(i)},0,0,0,0,1,{CapacityOf(i)}\r\n"));
        await AssertExportAsync(expected, domain);

        // The other domain has its own postmaster.
        var other = await platform.DomainAsync(maxAccounts: 20_000, maxCapacityMb: 10_000_000);
        var filledIn = WithoutPassword().Replace(expected.Replace(postmaster, "", StringComparison.Ordinal), row => $"{row}{PasswordOf(int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture))}");
        var moved = await FinishedAsync(await UploadAsync(other, "imports", filledIn));
        Assert.Equal(Accounts, moved["result"]!["registered"]!.GetValue<int>());
        await AssertExportAsync(expected, other);
        await AssertSampleAsync(other, PasswordOf, CapacityOf, CommentOf);

        await PlatformUnderTest.VerifyAsync();
    }

    private static string NameOf(int account) => string.Create(CultureInfo.InvariantCulture, $"user{account:00000}");

    // At most five digits in a row (ACC-2).
    private static string PasswordOf(int account) => string.Create(CultureInfo.InvariantCulture, $"Koko-{account / 1000:0000}-{account % 1000:000}xY");

    private static int CapacityOf(int account) => 50 + (account % 7);

    // What encodings, CSV and spreadsheets have their trouble with.
    private static string? CommentOf(int account) => (account % 5) switch
    {
        0 => $"営業部, 内線{account}",
        1 => $"表示ソ能 \"{account}\"",
        2 => $"=SUM(A{account})",
        3 => $"'＝①髙ｶﾞ～{account}",
        _ => null,
    };

    // As an export writes it (ACC-12).
    private static string CommentCellOf(int account)
    {
        var cell = CommentOf(account) is { } comment ? (comment[0] is '=' or '\'' ? $"'{comment}" : comment) : "";
        return cell.AsSpan().ContainsAny(',', '"') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
    }

    [GeneratedRegex(@"^user(\d{5}),", RegexOptions.Multiline)]
    private static partial Regex WithoutPassword();

    private async Task AssertExportAsync(string expected, string domain)
    {
        foreach (var encoding in new[] { "utf-8", "cp932" })
            Assert.Equal(expected, (await platform.Operator.GetAsync($"/api/v1/domains/{domain}/accounts.csv?encoding={encoding}")).Text);
    }

    // Through the API, and as the mail node obeys it.
    private async Task AssertSampleAsync(string domain, Func<int, string> passwordOf, Func<int, int> capacityOf, Func<int, string?> commentOf)
    {
        foreach (var i in Numbers.Take(200).Select(n => n * 7919 % Accounts)) // from everywhere
        {
            var address = $"{NameOf(i)}@{domain}";
            // The job has waited for what it did itself; other services know the account from its events.
            var account = (await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/accounts/{address}"), r => r.Body?["inForce"]?.GetValue<bool>() == true)).Body!;
            Assert.Equal((capacityOf(i), commentOf(i)), (account["capacityMb"]!.GetValue<int>(), account["comment"]?.GetValue<string>()));
            Assert.Equal((uint)capacityOf(i) * 1024, await QuotaKbAsync(address, passwordOf(i)));
        }
    }

    // Sessions end in two rounds, a second apart: who comes in between is thrown out once more, and comes back as mail programs do.
    private async Task<uint?> QuotaKbAsync(string address, string password)
    {
        try
        {
            return await AskAsync();
        }
        catch (ImapProtocolException)
        {
            return await AskAsync();
        }

        async Task<uint?> AskAsync()
        {
            using var imap = await platform.ImapAsync(address, password: password);
            return (await imap.Inbox.GetQuotaAsync()).StorageLimit;
        }
    }

    private Task<Reply> UploadAsync(string domain, string what, string text) => platform.UploadAsync(domain, what, text, Encoding.GetEncoding(932));

    private async Task<JsonNode> FinishedAsync(Reply begun)
    {
        var ended = await Eventually.Async(
            () => platform.Operator.GetAsync($"/api/v1/jobs/{begun.Body!["id"]!.GetValue<string>()}"), r => r.Body?["finishedAt"] is not null, Within);
        Assert.True(ended.Body!["state"]!.GetValue<string>() == "succeeded", ended.Text);
        return ended.Body;
    }
}
