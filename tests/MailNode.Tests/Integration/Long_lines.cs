using System.Text;
using CsCheck;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// A line of a message stays whole, however long it is (RFC 5322, 2.1.1 allows 998 bytes; programs send more). A field of a header that
/// Postfix would cut is refused.
/// </summary>
[Collection(OneNode.Name)]
public sealed class Long_lines(NodeFixture fixture)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    public static TheoryData<int> Lengths => [996, 998, 999, 1000, 1001, 2047, 2048, 2049, 4097, 100_000, 5_000_000];

    [Theory, Trait("Rule", "NOD-4"), MemberData(nameof(Lengths))]
    public async Task A_line_of_the_body_from_outside_is_stored_as_it_came(int bytes)
    {
        var account = await RoomyAccountAsync();
        var message = Message($"Subject: long\r\n", $"before\r\n{Line(bytes)}\r\n..after\r\n.\r\n{Line(bytes)}\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(account), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "NOD-4"), MemberData(nameof(Lengths))]
    public async Task A_submitted_line_is_stored_as_it_came_and_reads_the_same_elsewhere(int bytes)
    {
        var (account, elsewhere) = (await RoomyAccountAsync(), $"{Guid.NewGuid():N}@outside.test");
        var message = Message($"From: {account.Address}\r\nDate: Thu, 26 Nov 2026 10:00:00 +0900\r\nMessage-ID: <{Guid.NewGuid():N}@example.jp>\r\n", $"{Line(bytes)}\r\n");
        foreach (var to in new[] { account.Address, elsewhere }) Assert.StartsWith("250", await account.SubmitRawAsync(to, message), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(account), StringComparison.Ordinal);
        var sent = await Eventually.Async(() => _node.Outside.Messages.GetValueOrDefault(elsewhere), m => m is not null, Long);
        // A server elsewhere that does not announce 8BITMIME gets it encoded.
        Assert.Equal($"{Line(bytes)}\r\n", Text(sent!));
    }

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData("in one line", 999)]
    [InlineData("in one line", 2049)]
    [InlineData("in one line", 49_900)]
    [InlineData("in many lines", 49_900)]
    [InlineData("of a part", 49_900)]
    [InlineData("of an enclosed message", 49_900)]
    public async Task A_field_of_the_header_is_stored_as_it_came(string where, int bytes)
    {
        var account = await RoomyAccountAsync();
        var message = WithField(account, where, bytes);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(account), StringComparison.Ordinal);
        Assert.StartsWith("250", await account.SubmitRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(account, 1), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData("in one line", 50_000)]
    [InlineData("in one line", 60_001)]
    [InlineData("in one line", 262_145)]
    [InlineData("in one line", 300_000)]
    [InlineData("in one line", 1_048_577)]
    [InlineData("in many lines", 59_990)] // of which 60,000 bytes with its name: Postfix would leave some more than 54,000
    [InlineData("in many lines", 300_000)]
    [InlineData("of a part", 300_000)]
    [InlineData("of an enclosed message", 300_000)]
    public async Task A_field_that_would_lose_its_end_is_refused_by_name(string where, int bytes)
    {
        var account = await RoomyAccountAsync();
        var message = WithField(account, where, bytes);
        const string refusal = "554 5.7.1 The field X-Long of its header has 50000 bytes or more";
        Assert.StartsWith(refusal, await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.StartsWith(refusal, await account.SubmitRawAsync(account.Address, message), StringComparison.Ordinal);
        Assert.Empty(await account.InboxAsync());
    }

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData(300_000)]
    [InlineData(1_048_577)]
    public async Task Dovecot_stores_a_field_of_any_length_as_it_came(int bytes)
    {
        var account = await RoomyAccountAsync();
        var message = WithField(account, "in one line", bytes);
        Assert.StartsWith("250", await account.DeliverByLmtpAsync(message), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(account), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-4"), Trait("Rule", "RTE-9")]
    public async Task A_message_of_99_MB_in_one_line_is_stored_and_forwarded_as_it_came()
    {
        var (account, neighbour) = (await RoomyAccountAsync(), await RoomyAccountAsync());
        await account.RouteAsync(r => r.ForwardAll(neighbour.Address));
        var message = Message("Subject: all of it\r\n", $"{new string('z', 99 << 20)}\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        foreach (var one in new[] { account, neighbour }) Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(one), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "NOD-4"), Trait("Rule", "RTE-9"), MemberData(nameof(Lengths))]
    public async Task A_line_forwarded_to_a_neighbour_is_stored_as_it_came(int bytes)
    {
        var (account, neighbour) = (await RoomyAccountAsync(), await RoomyAccountAsync());
        await account.RouteAsync(r => r.ForwardAll(neighbour.Address));
        var message = Message("Subject: long\r\n", $"before\r\n{Line(bytes)}\r\n..after\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        foreach (var one in new[] { account, neighbour }) Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(one), StringComparison.Ordinal);
    }

    // Above 50 destinations Postfix sends the copies out, not Dovecot.
    [Theory, Trait("Rule", "NOD-4"), Trait("Rule", "RTE-2"), MemberData(nameof(Lengths))]
    public async Task A_line_forwarded_to_sixty_destinations_is_stored_as_it_came(int bytes)
    {
        var (account, neighbour) = (await RoomyAccountAsync(), await RoomyAccountAsync());
        string[] outside = [.. Enumerable.Range(0, 59).Select(_ => $"{Guid.NewGuid():N}@outside.test")];
        await account.RouteAsync(r => r.Forward("subject", "long", [neighbour.Address, .. outside]));
        var message = Message("Subject: long\r\n", $"{Line(bytes)}\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
        foreach (var one in new[] { account, neighbour }) Assert.EndsWith(Encoding.Latin1.GetString(message), await StoredAsync(one), StringComparison.Ordinal);
        foreach (var one in outside)
        {
            var sent = await Eventually.Async(() => _node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(one)), d => d is not null, Long);
            Assert.Equal($"{Line(bytes)}\r\n", Text(sent!.Raw));
        }
    }

    [Fact, Trait("Rule", "NOD-4"), Trait("Rule", "RTE-9"), Trait("Size", "lines")]
    public async Task Generated_lines_are_forwarded_as_they_came()
    {
        var (account, neighbour) = (await RoomyAccountAsync(), await RoomyAccountAsync());
        await account.RouteAsync(r => r.ForwardAll(neighbour.Address));
        var chance = new PCG(1, (ulong)Campaign.Seed);
        for (var i = 0; i < Campaign.Size("lines", everyDay: 10); i++)
        {
            int[] lengths = Gen.OneOf(Gen.Int[0, 70], Gen.Int[990, 1010], Gen.Int[2040, 2060], Gen.Int[4090, 150_000]).Array[1, 6].Generate(chance, null, out _);
            var message = Message("Subject: long\r\n", string.Concat(lengths.Select(l => $"{Line(l)}\r\n")));
            Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);
            var stored = await StoredAsync(neighbour, i);
            Assert.True(stored.EndsWith(Encoding.Latin1.GetString(message), StringComparison.Ordinal), $"Seed {Campaign.Seed}: lines of {string.Join(", ", lengths)} bytes");
        }
    }

    private async Task<Account> RoomyAccountAsync() => await (await Account.OpenAsync(_node)).ChangeCapacityAsync(1000);

    private static byte[] Message(string header, string body)
        => Encoding.UTF8.GetBytes($"{header}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}");

    // Has all that Postfix would add to what people submit.
    private static byte[] WithField(Account account, string where, int bytes)
    {
        var usual = $"From: {account.Address}\r\nDate: Thu, 26 Nov 2026 10:00:00 +0900\r\nMessage-ID: <{Guid.NewGuid():N}@example.jp>\r\nMIME-Version: 1.0\r\n";
        var field = $"X-Long: {Line(bytes)}\r\n";
        if (where == "in many lines") field = "X-Long: " + string.Concat(Enumerable.Repeat($"{new string('y', 68)}\r\n ", bytes / 70)) + "end\r\n";
        const string text = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nbody\r\n";
        return Encoding.UTF8.GetBytes(where switch
        {
            "of a part" => $"{usual}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{field}{text}--b--\r\n",
            "of an enclosed message" => $"{usual}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n{field}{text}--b--\r\n",
            _ => $"{usual}{field}Subject: after it\r\n{text}",
        });
    }

    // Characters of three bytes, and an end that makes the line as long as it should be.
    private static string Line(int bytes) => new string('あ', bytes / 3) + new string('x', bytes % 3);

    private static string Text(string message)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(message));
        return MimeKit.MimeMessage.Load(stream).TextBody!.ReplaceLineEndings("\r\n");
    }

    private static async Task<string> StoredAsync(Account account, int index = 0)
    {
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == index + 1, Long);
        return await account.InSessionAsync(async client =>
        {
            await client.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
            using var stream = await client.Inbox.GetStreamAsync(index);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            return Encoding.Latin1.GetString(bytes.ToArray());
        });
    }
}
