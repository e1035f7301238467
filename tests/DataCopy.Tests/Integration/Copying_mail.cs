using System.Net;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.DataCopy.Mails;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

public sealed class Copying_mail(CopyPlatform platform)
{
    [Fact, Trait("Rule", "CPY-1"), Trait("Rule", "CPY-2"), Trait("Rule", "CPY-5"), Trait("Rule", "GWY-5")]
    public async Task A_mailbox_is_copied_and_the_user_is_told_by_mail()
    {
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"), Mailbox.Message("b"));
        await copy.Source.StoreAsync("INBOX.送信済みトレイ", Mailbox.Message("c"));

        var started = await copy.StartAsync();

        var id = (string)started.Body!["id"]!;
        Assert.Equal((HttpStatusCode.Accepted, "queued"), (started.Status, (string)started.Body["state"]!));
        var ended = await copy.EndedAsync(id);
        Assert.Equal(("succeeded", null), ((string)ended["state"]!, (string?)ended["reason"]));
        Assert.Equal((3, 3), ((long)ended["messages"]!["total"]!, (long)ended["messages"]!["copied"]!));
        Assert.Contains(ended["folders"]!.AsArray(), f => ((string)f!["source"]!, (string)f["destination"]!, (long)f["copied"]!) == ("INBOX.送信済みトレイ", "Sent", 1));
        Assert.Equal(2, (await copy.Destination.ReadAsync("INBOX")).Count);
        Assert.Single(await copy.Destination.ReadAsync("Sent"));
        var mail = await copy.MailAsync();
        Assert.Equal(EndMail.Completed, mail.Subject);
        Assert.Contains("INBOX.送信済みトレイ → Sent", mail.TextBody, StringComparison.Ordinal);
        var job = await platform.SendAsync(HttpMethod.Get, $"/api/v1/jobs/{id}", ServiceUnderTest.UserOf(copy.Account));
        Assert.Equal(("mail-data-copy", "succeeded", 3), ((string)job.Body!["kind"]!, (string)job.Body["state"]!, (long)job.Body["result"]!["copied"]!));
    }
}
