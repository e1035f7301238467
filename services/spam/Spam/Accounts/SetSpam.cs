using System.Globalization;
using Hikyaku.Platform;

namespace Hikyaku.Spam.Accounts;

/// <summary>What is done with mail judged spam, in a body.</summary>
/// <param name="TagSubject">Whether <c>[SPAM] </c> is put before the subject.</param>
/// <param name="SortToJunk">Whether it is filed into Junk.</param>
/// <param name="Confirm">Whether the caller has seen that the account reads its mail by POP, which does not see Junk (428).</param>
public sealed record SpamBody(bool? TagSubject, bool? SortToJunk, bool? Confirm = null);

/// <summary>Turns subject tag and sorting of an account on and off (SPM-2, SPM-3).</summary>
/// <param name="Account">Whose.</param>
/// <param name="TagSubject">On or off; null: not said.</param>
/// <param name="SortToJunk">On or off; null: not said.</param>
/// <param name="LastPop">When the account last logged in by POP; null: never.</param>
/// <param name="Confirmed">Whether the caller has seen that POP does not see Junk.</param>
/// <param name="Now">When.</param>
public sealed record SetSpam(Target Account, bool? TagSubject, bool? SortToJunk, DateTimeOffset? LastPop, bool Confirmed, DateTimeOffset Now)
{
    /// <summary>How long a login by POP counts (SPM-8).</summary>
    public static readonly TimeSpan PopCounts = TimeSpan.FromDays(30);

    /// <summary>Decides; pure. Sorting that is on already is not asked about again.</summary>
    public static Decision Decide(SetSpam command, AccountSpam? spam)
    {
        ArgumentNullException.ThrowIfNull(command);
        var state = spam ?? AccountSpam.Of(command.Account);
        List<Rejection> broken = [];
        if (command.TagSubject is null) broken.Add(new(SpamProblems.SwitchMissing, "tagSubject"));
        if (command.SortToJunk is null) broken.Add(new(SpamProblems.SwitchMissing, "sortToJunk"));
        if (command is { SortToJunk: true, Confirmed: false, LastPop: { } last } && !state.SortToJunk && last > command.Now - PopCounts && broken.Count == 0)
            broken.Add(new(SpamProblems.PopIsUsed, "confirm", ("time", last.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture))));
        return Decision.Unless(broken, () => Changes(command, state));
    }

    /// <summary><c>PUT /api/v1/accounts/{address}/spam</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, SpamBody body, CommandContext context, PopLogins logins, CancellationToken stop)
    {
        var account = context.Target!;
        var stream = await context.Session.Events.FetchForWriting<AccountSpam>(account.AccountId, stop);
        var last = body.SortToJunk == true ? await logins.LastAsync(account.AccountId, stop) : null;
        return context.Conclude(stream, Decide(new(account, body.TagSubject, body.SortToJunk, last, body.Confirm == true, context.Now), stream.Aggregate),
            (state, version) => new Answer(200, SpamSwitches.Of(state), version));
    }

    private static IEnumerable<object> Changes(SetSpam command, AccountSpam state)
    {
        if (command.TagSubject != state.TagSubject)
            yield return command.TagSubject == true ? new SubjectTaggingTurnedOn(state.Id, state.Domain, command.Now) : new SubjectTaggingTurnedOff(state.Domain, command.Now);
        if (command.SortToJunk != state.SortToJunk)
            yield return command.SortToJunk == true ? new JunkSortingTurnedOn(state.Id, state.Domain, command.Now) : new JunkSortingTurnedOff(state.Domain, command.Now);
    }
}

/// <summary>Both switches of an account.</summary>
/// <param name="TagSubject">Whether <c>[SPAM] </c> is put before the subject of mail judged spam.</param>
/// <param name="SortToJunk">Whether it is filed into Junk.</param>
public sealed record SpamSwitches(bool TagSubject, bool SortToJunk)
{
    /// <summary>Those of an account; both are off where nothing was ever set.</summary>
    public static SpamSwitches Of(AccountSpam? state) => new(state?.TagSubject ?? false, state?.SortToJunk ?? false);
}
