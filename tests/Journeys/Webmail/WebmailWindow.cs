using Hikyaku.Platform.Testing;
using Microsoft.Playwright;

namespace Hikyaku.Journeys.Webmail;

/// <summary>A window of webmail: what people do in it, by what they see.</summary>
public sealed class WebmailWindow(IBrowserContext context, IPage page, string address) : IAsyncDisposable
{
    public IPage Page { get; } = page;

    /// <summary>The lines of the list.</summary>
    public ILocator Messages => Page.Locator("#messagelist tr.message");

    /// <summary>Files that are attached, once they are uploaded.</summary>
    public ILocator Attachments => Page.Locator("#attachment-list li:not(.uploading)");

    /// <summary>What webmail says of what was done.</summary>
    public ILocator Notice(string text) => Page.Locator("#messagestack", new() { HasText = text });

    public ValueTask DisposeAsync() => context.DisposeAsync();

    /// <summary>Goes to a page, once the one before has asked for all that it wants: its last answer would write over the new page's session.</summary>
    public async Task GoAsync(string query)
    {
        await Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await Page.GotoAsync($"{address}/{query}");
        await IdleAsync();
    }

    /// <summary>Waits until the page has loaded its lists: Roundcube ignores clicks before.</summary>
    public Task IdleAsync() => Page.WaitForFunctionAsync("() => window.rcmail && !window.rcmail.busy");

    public async Task LogInAsync(string account, string password)
    {
        await Page.FillAsync("#rcmloginuser", account);
        await Page.FillAsync("#rcmloginpwd", password);
        await Page.ClickAsync("#rcmloginsubmit");
    }

    public Task LogOutAsync() => Page.ClickAsync("a.logout");

    public ILocator Message(string subject) => Page.Locator("#messagelist tr.message", new() { HasText = subject });

    /// <summary>Marks a message of the list, and waits until it is shown beside it: until then nothing else can be done.</summary>
    public async Task SelectAsync(string subject)
    {
        await Page.RunAndWaitForResponseAsync(() => Message(subject).Locator("td.subject").ClickAsync(), r => r.Url.Contains("_action=preview", StringComparison.Ordinal));
        await IdleAsync();
    }

    /// <summary>Drags a message to a folder: one that is shown already, as a drop is ignored while it is fetched.</summary>
    public async Task DragAsync(string subject, string role)
    {
        await SelectAsync(subject);
        await Message(subject).Locator("td.subject").HoverAsync();
        await Page.Mouse.DownAsync();
        var target = (await Folder(role).BoundingBoxAsync())!;
        await Page.Mouse.MoveAsync(target.X + (target.Width / 2), target.Y + (target.Height / 2), new() { Steps = 20 });
        await Page.Locator($"#mailboxlist li.{role}.droptarget").WaitForAsync();
        await Page.Mouse.UpAsync();
    }

    /// <summary>Opens a message of the list on a page of its own.</summary>
    public async Task ReadAsync(string subject)
    {
        await Message(subject).Locator("td.subject").DblClickAsync();
        await ShownAsync("_action=show");
        await IdleAsync();
    }

    public ILocator Folder(string role) => Page.Locator($"#mailboxlist li.mailbox.{role} > a");

    /// <summary>A button above a list or a message that can be seen.</summary>
    public ILocator Button(string role) => Page.Locator($"a.{role}:not(.all):not(.disabled)").Filter(new() { Visible = true }).First;

    /// <summary>Waits for a page whose address has a part.</summary>
    public Task ShownAsync(string part, int seconds = 60)
        => Page.WaitForURLAsync(url => url.Contains(part, StringComparison.Ordinal), new() { Timeout = 1000 * seconds });

    public Task SendAsync() => Page.ClickAsync("button.send");

    /// <summary>Sorts the list by a column of the list's options.</summary>
    public async Task SortAsync(string column, string order)
    {
        await Page.ClickAsync("#layout-list a.options");
        await Page.SelectOptionAsync(".ui-dialog select[name=sort_col]", column);
        await Page.SelectOptionAsync(".ui-dialog select[name=sort_ord]", order);
        await Page.RunAndWaitForResponseAsync(() => Page.ClickAsync(".ui-dialog button.mainaction"), r => r.Url.Contains($"_sort={column}_{order}", StringComparison.Ordinal));
    }

    /// <summary>Waits until the list has these subjects in this order. Lines of messages that went are still there, hidden.</summary>
    public Task ListedAsync(params string[] subjects) => Eventually.Async(
        async () => string.Join(' ', (await Messages.Locator("span.subject a").Filter(new() { Visible = true }).AllInnerTextsAsync()).Select(s => s.Trim())),
        s => s == string.Join(' ', subjects));

    /// <summary>Adds to the contacts.</summary>
    public async Task AddContactAsync(string name, string mail)
    {
        await GoAsync("?_task=addressbook");
        await Page.RunAndWaitForResponseAsync(() => Page.ClickAsync("#directorylist li.addressbook >> nth=0"), r => r.Url.Contains("_action=list", StringComparison.Ordinal));
        await IdleAsync();
        await Button("create").ClickAsync();
        var form = Page.FrameLocator("#contact-frame");
        await form.Locator("[name=_firstname]").FillAsync(name);
        await form.Locator("[name='_email[]']").First.FillAsync(mail);
        await form.Locator("button.submit").ClickAsync();
        await Page.Locator("#contacts-table tr.contact", new() { HasText = name }).WaitForAsync();
    }

    /// <summary>A new message's window.</summary>
    public async Task ComposeAsync(string to, string subject, string text)
    {
        await GoAsync("?_task=mail&_action=compose");
        await ShownAsync("_id=");
        await Page.FillAsync("#compose_to input", to);
        await Page.FillAsync("#compose-subject", subject);
        await Page.FillAsync("#composebody", text);
    }
}
