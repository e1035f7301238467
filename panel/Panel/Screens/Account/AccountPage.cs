using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;
using Hikyaku.Panel.Screens.Account.Changes;
using Microsoft.AspNetCore.Components;

namespace Hikyaku.Panel.Screens.Account;

/// <summary>A page of one setting of an account: below <c>/accounts/{address}</c> for administrators and below <c>/mail</c> for the account's user.</summary>
public abstract class AccountPage : LoadedPage
{
    /// <summary>The API.</summary>
    [Inject] public required GatewayClient Gateway { get; set; }

    /// <summary>Leads on after a change.</summary>
    [Inject] public required NavigationManager Nav { get; set; }

    /// <summary>Who reads.</summary>
    [Inject] public required Reader Reader { get; set; }

    /// <summary>The request.</summary>
    [CascadingParameter] public required HttpContext Http { get; set; }

    /// <summary>The account; null in the users' shell.</summary>
    [Parameter] public string? Address { get; set; }

    /// <summary>What was done just now.</summary>
    [SupplyParameterFromQuery] public string? Done { get; set; }

    /// <summary>The changes that it made, as far as they can be undone.</summary>
    [SupplyParameterFromQuery] public string[]? Undo { get; set; }

    /// <summary>The account's summary, once <see cref="LoadAccountAsync"/> has read it.</summary>
    protected AccountSummary Account { get; private set; } = null!;

    /// <summary>The account's call.</summary>
    protected string Call => Urls.Api($"accounts/{Address ?? Reader.Me!.Login}");

    /// <summary>The account's settings page.</summary>
    protected string Base => Urls.Settings(Reader.InUserShell ? null : Account.Address);

    /// <summary>Reads the account's summary.</summary>
    protected async Task LoadAccountAsync() => Account = await Gateway.GetAsync<AccountSummary>(Call);

    /// <summary>What the account's history has before a change, so that <see cref="ShowDoneAsync"/> finds the change.</summary>
    protected Task<NewestChanges> BeforeChangeAsync() => NewestChanges.ReadAsync(Gateway, Call);

    /// <summary>Sends the browser to a page that says what was done and offers to undo it.</summary>
    protected async Task ShowDoneAsync(string page, string done, NewestChanges before)
    {
        ArgumentNullException.ThrowIfNull(before);
        var made = await before.MadeSinceAsync(Gateway, Call, Reader.Me!.Login);
        Nav.NavigateTo(page + Urls.Query([("done", done), .. made.Select(id => ("undo", (string?)id.ToString()))]));
    }
}
