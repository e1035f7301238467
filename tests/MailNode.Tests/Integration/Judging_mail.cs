using System.Diagnostics.Metrics;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MailKit;
using MimeKit;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A node whose Rspamd and ClamAV judge what comes in.</summary>
public class NodeWithScanner : NodeFixture, IAsyncLifetime
{
    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await base.InitializeAsync();
        await Node.StartScannerAsync();
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class OneNodeWithScanner : ICollectionFixture<NodeWithScanner>
{
    public const string Name = "one node with a scanner";
}

/// <summary>Incoming mail is checked for viruses and spam, and the verdict stands in its header (SPM-1).</summary>
[Collection(OneNodeWithScanner.Name)]
public sealed class Judging_mail(NodeWithScanner fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "SPM-1")]
    public async Task A_harmless_message_gets_its_verdict()
    {
        var account = await Account.OpenAsync(_node);
        await account.DeliverTextAsync("Subject: harmless", "こんにちは");
        var header = await account.HeaderAsync("harmless");
        Assert.Equal("NO", header["X-Spam-Flag"]);
        Assert.Equal("clean", header["X-Virus-Status"]);
        Assert.Matches("^No, score=-?[0-9]+[.][0-9]{2}$", header["X-Spam-Status"]);
        Assert.Matches("^-?[0-9]+[.][0-9]{2}$", header["X-Spam-Score"]);
        Assert.Single(header, h => h.Field.StartsWith("X-Virus", StringComparison.OrdinalIgnoreCase));
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task Spam_is_told_by_headers_and_neither_refused_nor_deleted()
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("250", await account.DeliverTextAsync("Subject: spam", Gtube), StringComparison.Ordinal);
        var header = await account.HeaderAsync("spam");
        Assert.Equal("YES", header["X-Spam-Flag"]);
        Assert.StartsWith("Yes, score=", header["X-Spam-Status"], StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task What_a_sender_has_forged_of_a_verdict_is_taken_out()
    {
        var account = await Account.OpenAsync(_node);
        await account.DeliverTextAsync("""
            Subject: forged
            X-Spam-Flag: NO
            x-spam-flag: no
            X-SPAM-STATUS: No,
             score=-99
            X-Spam-Score:
             -99
            X-Spam-Whatever: 1
            X-Virus-Status: clean
            x-virus-status: infected Forged
            Authentication-Results: mail.hikyaku.localhost; spf=pass smtp.mailfrom=forged.test
            authentication-results: (a comment) MAIL.hikyaku.LOCALHOST
             /1; dkim=pass header.d=forged.test
            """, Gtube);
        var header = await account.HeaderAsync("forged");
        Assert.Equal("YES", Assert.Single(header, h => h.Field.Equals("X-Spam-Flag", StringComparison.OrdinalIgnoreCase)).Value);
        Assert.Equal(3, header.Count(h => h.Field.StartsWith("X-Spam-", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal("clean", Assert.Single(header, h => h.Field.Equals("X-Virus-Status", StringComparison.OrdinalIgnoreCase)).Value);
        Assert.DoesNotContain(header, h => h.Value.Contains("forged.test", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task Results_of_other_servers_stay()
    {
        var account = await Account.OpenAsync(_node);
        await account.DeliverTextAsync("Subject: results\nAuthentication-Results: elsewhere.test; spf=pass smtp.mailfrom=other.test", "text");
        Assert.Contains(await account.HeaderAsync("results"), h => h.Value.Contains("other.test", StringComparison.Ordinal));
    }

    [Theory, Trait("Rule", "SPM-1")]
    [InlineData("plain")]
    [InlineData("base64")]
    [InlineData("base64 in one line")]
    [InlineData("zip")]
    [InlineData("zip in a zip")]
    [InlineData("message in a message")]
    public async Task An_infected_message_is_deleted(string kind)
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, Infected(kind)), StringComparison.Ordinal);
        await account.DeliverTextAsync("Subject: after it", "harmless");
        Assert.Equal(["after it"], await SubjectsAsync(account, 1));
        await Eventually.Async(async () => (await _node.ScannerOutputAsync()).Contains("verdict=virus", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "SPM-1"), Trait("Rule", "OPS-4")]
    public async Task A_virus_for_several_accounts_is_found_by_each_of_them()
    {
        var accounts = new[] { await Account.OpenAsync(_node), await Account.OpenAsync(_node), await Account.OpenAsync(_node) };
        using (var smtp = await _node.SmtpAsync())
        {
            await smtp.SendAsync(
                Infected(), MailboxAddress.Parse("somebody@outside.test"),
                [MailboxAddress.Parse(accounts[0].Address), MailboxAddress.Parse(accounts[1].Address.Replace("@", "+shop@", StringComparison.Ordinal)), MailboxAddress.Parse(accounts[2].Address)]);
        }

        foreach (var account in accounts)
        {
            var steps = await Eventually.Async(() => _node.Broker.DeliveriesOf(account.State.AccountId), told => told.Any(s => s.Kind == DeliveryKinds.Dropped), TimeSpan.FromSeconds(60));
            Assert.Equal([DeliveryKinds.Taken, DeliveryKinds.Judged, DeliveryKinds.Dropped], steps.OrderBy(s => s.Id, StringComparer.Ordinal).Select(s => s.Kind));
            Assert.All(steps, s => Assert.Equal(steps[0].Delivery, s.Delivery));
            Assert.Equal("virus", steps.Single(s => s.Kind == DeliveryKinds.Judged).Verdict!.Kind);
        }

        static MimeMessage Infected() => MimeMessage.Load(new MemoryStream(Bytes($"From: somebody@outside.test\nSubject: virus\n\n{Eicar}\n")));
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task A_virus_is_counted()
    {
        var counted = 0L;
        using var metrics = new MeterListener { InstrumentPublished = (i, listener) => { if (i.Name == "hikyaku.node.viruses") listener.EnableMeasurementEvents(i); } };
        metrics.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        metrics.Start();
        var account = await Account.OpenAsync(_node);
        await _node.DeliverRawAsync(account.Address, Infected("plain"));
        await Eventually.Async(() => Interlocked.Read(ref counted) > 0);
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task Mail_between_accounts_is_judged_and_what_goes_outside_is_not_touched()
    {
        var (from, to) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await SubmitToBothAsync(from, to, "spam from here", Gtube);
        Assert.Equal("YES", (await to.HeaderAsync("spam from here"))["X-Spam-Flag"]);
        var outside = await OutsideAsync("spam from here");
        Assert.DoesNotContain("X-Spam", outside, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Virus", outside, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Gtube, outside, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task A_virus_between_accounts_is_deleted_and_outgoing_mail_is_not_refused()
    {
        var (from, to) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await SubmitToBothAsync(from, to, "virus from here", Eicar);
        Assert.Contains("EICAR", await OutsideAsync("virus from here"), StringComparison.Ordinal);
        await SubmitToBothAsync(from, to, "harmless", "harmless");
        Assert.Equal(["harmless"], await SubjectsAsync(to, 1));
    }

    [Theory, Trait("Rule", "SPM-2"), Trait("Rule", "SPM-3")]
    [InlineData(false, false, "INBOX", "sale")]
    [InlineData(true, false, "INBOX", "[SPAM] sale")]
    [InlineData(false, true, "Junk", "sale")]
    [InlineData(true, true, "Junk", "[SPAM] sale")]
    public async Task Spam_is_tagged_and_sorted_as_the_account_wants(bool tag, bool sort, string folder, string subject)
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(tag, sort);
        await account.DeliverTextAsync("Subject: sale", Gtube);
        Assert.Equal([subject], await account.SubjectsInAsync(folder));
        await account.DeliverTextAsync("Subject: harmless", "text");
        await Eventually.Async(() => account.SubjectsInAsync("INBOX"), inbox => inbox.Contains("harmless"));
    }

    [Fact, Trait("Rule", "SPM-5")]
    public async Task Without_a_standing_in_force_nothing_is_tagged_or_sorted()
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(true, true);
        await account.StandAsync(false);
        await account.DeliverTextAsync("Subject: sale", Gtube);
        Assert.Equal("YES", (await account.HeaderAsync("sale"))["X-Spam-Flag"]);
        await account.StandAsync(true);
        await account.DeliverTextAsync("Subject: sale", Gtube);
        Assert.Equal(["[SPAM] sale"], await account.SubjectsInAsync("Junk"));
    }

    [Theory, Trait("Rule", "SPM-2")]
    [InlineData("Subject: =?ISO-2022-JP?B?GyRCN29MPhsoQg==?=", "[SPAM] =?ISO-2022-JP?B?GyRCN29MPhsoQg==?=")]
    [InlineData("SUBJECT:\n =?ISO-2022-JP?B?GyRCN29MPhsoQg==?=\n =?Shift_JIS?B?jI+WvA==?=", "[SPAM] \r\n =?ISO-2022-JP?B?GyRCN29MPhsoQg==?=\r\n =?Shift_JIS?B?jI+WvA==?=")]
    [InlineData("Subject: 件名 in 8 bits", "[SPAM] 件名 in 8 bits")]
    [InlineData("Subject:", "[SPAM] ")]
    [InlineData("X-None: 1", "[SPAM] ")]
    [InlineData("Subject: [SPAM] again", "[SPAM] again")]
    [InlineData("Subject: first\nSubject: second", "[SPAM] first")]
    public async Task A_tag_is_put_before_a_subject_in_any_encoding(string header, string tagged)
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(true, false);
        await account.DeliverTextAsync(header, Gtube);
        var raw = await RawAsync(account);
        Assert.Equal(tagged, System.Text.RegularExpressions.Regex.Match(raw, "^subject: ?(.*?)\r\n(?![ \t])", System.Text.RegularExpressions.RegexOptions.IgnoreCase | System.Text.RegularExpressions.RegexOptions.Multiline | System.Text.RegularExpressions.RegexOptions.Singleline).Groups[1].Value);
        Assert.EndsWith($"\r\n\r\n{Gtube}\r\n", raw, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "SPM-2"), Trait("Rule", "NOD-4")]
    public async Task A_subject_of_more_than_998_bytes_is_tagged_and_stays_whole()
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(true, false);
        await account.DeliverTextAsync($"Subject: {new string('x', 5000)}", Gtube);
        Assert.Contains($"Subject: [SPAM] {new string('x', 5000)}\r\n", await RawAsync(account), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "RTE-9")]
    public async Task The_tag_is_on_the_stored_copy_only()
    {
        var (account, elsewhere) = (await Account.OpenAsync(_node), $"{Guid.NewGuid():N}@outside.test");
        await account.SetSpamAsync(true, true);
        await account.RouteAsync(r => r.ForwardAll(elsewhere), new Hikyaku.Routing.RoutingSettings(ForwardSpam: true, RefuseCharacters: true));
        await account.DeliverTextAsync("Subject: for both", Gtube);
        Assert.Equal(["[SPAM] for both"], await account.SubjectsInAsync("Junk"));
        var forwarded = await Eventually.Async(() => _node.Outside.Messages.GetValueOrDefault(elsewhere), m => m is not null);
        Assert.Contains("Subject: for both", forwarded, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Spam", forwarded, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "SPM-3")]
    public async Task With_reception_off_spam_is_not_stored_in_Junk_either()
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(true, true);
        await account.RouteAsync(r => r with { Reception = false });
        await account.DeliverTextAsync("Subject: not stored", Gtube);
        await Eventually.Async(() => _node.Log.Contains($"to=<{account.Address}>", StringComparison.Ordinal));
        await account.RouteAsync(r => r with { Reception = true });
        await account.DeliverTextAsync("Subject: stored", Gtube);
        Assert.Equal(["[SPAM] stored"], await account.SubjectsInAsync("Junk"));
    }

    private static async Task<string> RawAsync(Account account)
    {
        await SubjectsAsync(account, 1);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        using var stream = await imap.Inbox.GetStreamAsync(0);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private async Task SubmitToBothAsync(Account from, Account to, string subject, string text)
    {
        using var client = await _node.SmtpAsync("SUBMISSION", MailKit.Security.SecureSocketOptions.StartTls);
        await client.AuthenticateAsync(from.Address, from.Secret);
        var message = new MimeMessage([MailboxAddress.Parse(from.Address)], [MailboxAddress.Parse(to.Address)], subject, new TextPart("plain") { Text = text });
        await client.SendAsync(message, MailboxAddress.Parse(from.Address), [MailboxAddress.Parse(to.Address), MailboxAddress.Parse($"{Guid.NewGuid():N}@outside.test")]);
    }

    private Task<string> OutsideAsync(string subject)
        => Eventually.Async(() => _node.Outside.Deliveries.LastOrDefault(d => d.Raw.Contains($"Subject: {subject}", StringComparison.Ordinal))?.Raw ?? "", raw => raw.Length > 0);

    private static byte[] Infected(string kind)
    {
        const string Head = "From: somebody@outside.test\nSubject: infected\nMIME-Version: 1.0\n";
        var file = Encoding.ASCII.GetBytes(Eicar);
        return kind switch
        {
            "plain" => Bytes($"{Head}\n{Eicar}\n"),
            "base64" => Bytes($"{Head}Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(file, Base64FormattingOptions.InsertLineBreaks)}\n"),
            "base64 in one line" => Bytes($"{Head}Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String([.. Enumerable.Repeat((byte)' ', 3000), .. file])}\n"),
            "zip" => Attached("infected", Zip("a.txt", file)),
            "zip in a zip" => Attached("infected", Zip("b.zip", Zip("a.txt", file))),
            _ => Bytes($"{Head}Content-Type: message/rfc822\n\nSubject: inside\nMIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(file)}\n"),
        };
    }

    private static Task<IReadOnlyList<string>> SubjectsAsync(Account account, int count) => Eventually.Async(account.InboxAsync, inbox => inbox.Count >= count, TimeSpan.FromSeconds(30));
}
