using System.Text;
using MailKit;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Messages that are hard to look into are judged or marked, stored as they came, and hold no other message up.</summary>
[Collection(OneNodeWithScanner.Name), Trait("Rule", "SPM-1")]
public sealed class Judging_hard_mail(NodeWithScanner fixture)
{
    private const string Looked = "^(clean|unscanned)$";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory]
    [InlineData(1, 450)] // MB: more than ClamAV unpacks
    [InlineData(30, 1)] // deeper than it looks
    public async Task A_bomb_of_zips_is_marked_as_not_scanned(int depth, int size)
    {
        var account = await Account.OpenAsync(_node);
        var bomb = Enumerable.Range(0, depth).Aggregate(new byte[size << 20], (inner, n) => Zip($"{n}.zip", inner));
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, Attached("bomb", bomb)), StringComparison.Ordinal);
        Assert.Equal("unscanned", (await account.HeaderAsync("bomb"))["X-Virus-Status"]);
        await OthersAreJudgedAsync(account);
    }

    [Theory]
    [InlineData("\n--b\nContent-Type: text/plain\n\nno end\n")] // its end is missing
    [InlineData("\nno part at all\n")]
    [InlineData("\n--b\n--b\n--b--\n--b--\nafter it\n")]
    [InlineData("\n--B\n\nanother case\n--b \nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nthe same inside\n--b--\n")]
    [InlineData("\n--b\nContent-Type: text/plain; charset=x-none; charset*0*=\nContent-Transfer-Encoding: none\n\n\u0000\ufffe\n--b--\n")]
    public async Task Broken_boundaries_are_judged_and_stay_as_they_came(string body)
    {
        var account = await Account.OpenAsync(_node);
        await AssertJudgedAsync(account, "broken", Bytes($"Subject: broken\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n{body.Replace("\0", "", StringComparison.Ordinal)}"));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    public async Task Parts_within_parts_are_judged(int depth)
    {
        var account = await Account.OpenAsync(_node);
        var message = new StringBuilder("Subject: deep\nMIME-Version: 1.0\n");
        for (var n = 0; n < depth; n++) message.Append(System.Globalization.CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        await AssertJudgedAsync(account, "deep", Bytes(message.Append("\ntext\n").ToString()));
    }

    [Fact, Trait("Rule", "NOD-4")]
    public async Task The_largest_message_is_judged()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 300);
        var message = Bytes($"Subject: large\nMIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{string.Concat(Enumerable.Repeat(new string('A', 76) + "\n", 1_270_000))}");
        Assert.InRange(message.Length, 99_000_000, 100 << 20);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.Matches(Looked, (await account.HeaderAsync("large"))["X-Virus-Status"]);
        await OthersAreJudgedAsync(account);
    }

    [Theory]
    [InlineData("iso-2022-jp")]
    [InlineData("shift_jis")]
    [InlineData("euc-jp")]
    [InlineData("utf-8")]
    public async Task Japanese_mail_is_judged_and_stays_as_it_came(string charset)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var encoding = Encoding.GetEncoding(charset);
        const string Text = "山田様\r\n\r\nいつもお世話になっております。来週の打ち合わせの資料をお送りします。ご確認ください。\r\n-- \r\n鈴木(株式会社かすみ)\r\n";
        foreach (var way in new[] { "8bit", "base64", "quoted-printable" })
        {
            var (text, account) = (encoding.GetBytes(Text), await Account.OpenAsync(_node));
            var body = way switch
            {
                "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(text, Base64FormattingOptions.InsertLineBreaks) + "\r\n"),
                "quoted-printable" => Encoding.ASCII.GetBytes(string.Concat(text.Select(b => b is (byte)'\r' or (byte)'\n' ? $"{(char)b}" : $"={b:X2}")).Replace("=0D=0A", "\r\n", StringComparison.Ordinal)),
                _ => text,
            };
            var subject = $"=?{charset}?B?{Convert.ToBase64String(encoding.GetBytes("打ち合わせの資料"))}?=";
            var head = Bytes($"From: =?{charset}?B?{Convert.ToBase64String(encoding.GetBytes("鈴木"))}?= <suzuki@outside.test>\nTo: <{account.Address}>\nSubject: {subject}\nX-Way: {way}\nDate: Sun, 29 Nov 2026 12:00:00 +0900\nMessage-ID: <{Guid.NewGuid():N}@outside.test>\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {way}\n\n");
            await AssertJudgedAsync(account, "打ち合わせの資料", [.. head, .. body], spam: false);
        }
    }

    // It has a verdict, and ends with the bytes that were sent.
    private async Task AssertJudgedAsync(Account account, string subject, byte[] message, bool? spam = null)
    {
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        var header = await account.HeaderAsync(subject);
        Assert.Matches(Looked, header["X-Virus-Status"]);
        if (spam is { } known) Assert.Equal(known ? "YES" : "NO", header["X-Spam-Flag"]);
        else Assert.Matches("^(YES|NO)$", header["X-Spam-Flag"]);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        using var stream = await imap.Inbox.GetStreamAsync(0);
        using var stored = new MemoryStream();
        await stream.CopyToAsync(stored);
        Assert.Equal(message, stored.ToArray()[^message.Length..]);
        await OthersAreJudgedAsync(account);
    }

    private async Task OthersAreJudgedAsync(Account account)
    {
        var other = await Account.OpenAsync(account.Node);
        Assert.StartsWith("250", await other.DeliverTextAsync("Subject: after it", "text").WaitAsync(Patience), StringComparison.Ordinal);
        Assert.Equal("clean", (await other.HeaderAsync("after it"))["X-Virus-Status"]);
    }
}
