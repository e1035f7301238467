using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using MailKit;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What people move into Junk and out of it teaches Rspamd.</summary>
[Collection(OneNodeWithScanner.Name)]
public sealed class Learning_spam(NodeWithScanner fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "SPM-7")]
    public async Task Moving_mail_into_Junk_and_out_of_it_teaches()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        var (inbox, junk, trash) = (imap.Inbox!, imap.GetFolder(SpecialFolder.Junk)!, imap.GetFolder(SpecialFolder.Trash)!);
        await AppendAsync(inbox);
        var before = await LearnedAsync();
        await inbox.OpenAsync(FolderAccess.ReadWrite);
        await inbox.MoveToAsync(0, junk);
        await Eventually.Async(LearnedAsync, learned => learned == before + 1);
        await junk.OpenAsync(FolderAccess.ReadWrite);
        await junk.MoveToAsync(0, inbox);
        await Eventually.Async(LearnedAsync, learned => learned == before + 2);
        await AppendAsync(inbox);
        await inbox.OpenAsync(FolderAccess.ReadWrite);
        await inbox.MoveToAsync(1, junk);
        await Eventually.Async(LearnedAsync, learned => learned == before + 3);
        var taught = await LearnedAsync();
        await junk.OpenAsync(FolderAccess.ReadWrite);
        await junk.MoveToAsync(0, trash); // says nothing
        Assert.Equal(taught, await LearnedAsync());
    }

    // Dovecot has asked the agent before it answers a move, and the agent counts what each login teaches.
    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "SPM-7")]
    public async Task What_the_copy_worker_moves_into_Junk_and_out_of_it_teaches_nothing()
    {
        var account = await Account.OpenAsync(_node);
        using var worker = await account.CopyingAsync(await account.GrantCopyAsync());
        var (inbox, junk) = (worker.Inbox!, worker.GetFolder(SpecialFolder.Junk)!);
        await AppendAsync(junk);
        await AppendAsync(inbox);
        await inbox.OpenAsync(FolderAccess.ReadWrite);
        await inbox.CopyToAsync(0, junk);
        await inbox.MoveToAsync(0, junk);
        await junk.OpenAsync(FolderAccess.ReadWrite);
        await junk.MoveToAsync(0, inbox);
        using var user = await account.LoggedInAsync();
        await user.Inbox!.OpenAsync(FolderAccess.ReadWrite);
        await user.Inbox.MoveToAsync(0, user.GetFolder(SpecialFolder.Junk)!);

        var learning = _node.Agent.GetRequiredService<SpamLearning>();
        Assert.Equal((0, 1), (learning.TaughtBy(account.CopyLogin()), learning.TaughtBy(account.Address)));
    }

    [Fact, Trait("Rule", "SPM-7")]
    public async Task A_mailbox_teaches_no_more_than_its_share_of_a_day()
    {
        var mailbox = $"{Guid.NewGuid():N}@example.jp";
        for (var n = 0; n < SpamLearning.MostADay; n++) Assert.Equal(HttpStatusCode.Accepted, await TeachAsync(mailbox, "few words"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await TeachAsync(mailbox, "few words"));
        Assert.Equal(HttpStatusCode.Accepted, await TeachAsync($"{Guid.NewGuid():N}@example.jp", "few words"));
    }

    [Fact]
    public async Task What_is_too_long_or_of_nobody_does_not_teach()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await TeachAsync("taro@example.jp", new string('x', (1 << 20) + 1)));
        Assert.Equal(HttpStatusCode.TooManyRequests, await TeachAsync("", "words"));
    }

    private async Task<HttpStatusCode> TeachAsync(string mailbox, string text)
    {
        using var http = new HttpClient();
        using var content = new StringContent($"Subject: x\r\n\r\n{text}\r\n");
        http.DefaultRequestHeaders.Add("X-Mailbox", mailbox);
        http.DefaultRequestHeaders.ExpectContinue = true; // what is too long is refused before it is sent
        using var answer = await http.PostAsync(new Uri(_node.AgentAddress, "/learn/spam"), content);
        return answer.StatusCode;
    }

    private static async Task AppendAsync(IMailFolder folder)
    {
        var words = new StringBuilder();
        for (var n = 0; n < 60; n++) words.Append(Guid.NewGuid().ToString("N").AsSpan(0, 8)).Append(' ');
        var message = Clients.Message("to be learned", 100);
        message.Body = new MimeKit.TextPart("plain") { Text = words.ToString() };
        await folder.AppendAsync(message);
    }

    private async Task<int> LearnedAsync()
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Password", (await File.ReadAllTextAsync($"{_node.Home}/mailnode/scanner/learn.password")).Trim());
        var stat = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{_node.Port("LEARN")}/stat")))!;
        return stat["learned"]!.GetValue<int>();
    }
}
