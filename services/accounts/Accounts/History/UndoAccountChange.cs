using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.History;

/// <summary>What comes with an undo.</summary>
/// <param name="Confirm">Whether the caller has seen what it leads to; for settings that ask for it (428).</param>
public sealed record UndoBody(bool? Confirm);

/// <summary>Undoes one change of an account, by a change of its own (OPS-3): it keeps every rule of <see cref="ChangeMailAccount"/>, and can be undone.</summary>
/// <param name="Change">What is to be undone.</param>
/// <param name="Later">What came after it, oldest first.</param>
/// <param name="Domain">The domain's limits.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Now">When.</param>
public sealed record UndoAccountChange(Change Change, IReadOnlyList<Change> Later, Domain Domain, DomainUsage Usage, DateTimeOffset Now)
{
    private const string CapacityMb = "capacityMb", Comment = "comment";

    /// <summary>What history compares. A password is not among them: nothing that leads to one is told or brought back.</summary>
    public static readonly IReadOnlyList<Setting> Settings =
    [
        new Setting(CapacityMb).SetBy<MailAccountCreated>(c => c.CapacityMb).SetBy<MailAccountCapacityChanged>(c => c.CapacityMb),
        new Setting(Comment).SetBy<MailAccountCreated>(c => c.Comment).SetBy<MailAccountCommentChanged>(c => c.Comment),
        new Setting("passwordForciblyChanged", MayBePutBack: false)
            .SetBy<MailAccountCreated>(_ => false).SetBy<MailAccountPasswordForciblyChanged>(_ => true).SetBy<MailAccountPasswordChanged>(_ => false),
    ];

    /// <summary>An account's settings that can be put back, as they are.</summary>
    public static IReadOnlyDictionary<string, object?> Present(MailAccount account)
        => new Dictionary<string, object?> { [CapacityMb] = account.CapacityMb, [Comment] = account.Comment };

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(UndoAccountChange command, MailAccount account)
    {
        var (change, names) = (command.Change, command.Change.ThatMayBePutBack(Settings));
        if (names.Count == 0) return Decision.Reject(new Rejection(WhyNot(change.Event)));
        List<Rejection> conflicts = [.. change.InConflict(command.Later, names)];
        if (conflicts.Count > 0) return Decision.Reject(conflicts);
        var capacity = names.Contains(CapacityMb) ? (int?)change.Before[CapacityMb] : null;
        var comment = names.Contains(Comment) ? (string?)change.Before[Comment] ?? "" : null;
        return ChangeMailAccount.Decide(new(null, "", new PasswordFacts(), capacity, comment, command.Domain, command.Usage, command.Now), account);
    }

    /// <summary><c>POST /api/v1/accounts/{address}/history/{eventId}/undo</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, string eventId, UndoBody? body, CommandContext context, MailAccountReader reader, CancellationToken stop)
    {
        var (session, target) = (context.Session, context.Target!);
        if (await DomainUsage.LockAsync(session, target.Domain, stop) is not { } usage) return Problems.Of(PlatformProblems.NotFound);
        var domain = await session.LoadAsync<Domain>(target.Domain, stop);
        var stream = await session.Events.FetchForWriting<MailAccount>(target.AccountId, stop);
        if (stream.Aggregate is not { DeletionJob: null } account) return Problems.Of(PlatformProblems.NotFound);
        if (await FindAsync(session, account.Id, eventId, Settings, stop) is not var (change, later)) return Problems.Of(PlatformProblems.NotFound);

        var decision = Decide(new(change, later, domain!, usage, context.Now), account);
        foreach (var e in decision.Events.OfType<MailAccountCapacityChanged>()) DomainUsage.Add(session, account.Domain, 0, e.CapacityMb - account.CapacityMb);
        var before = await reader.ReadAsync(account.Id, stop);
        return context.Conclude(stream, decision, (state, version) =>
            new Answer(200, MailAccountView.Of(state, before!.UsedBytes, inForce: false, forUser: false), version));
    }

    /// <summary>A change of a stream and those after it; null when the stream has no such event.</summary>
    internal static async Task<(Change Change, IReadOnlyList<Change> Later)?> FindAsync(
        IQuerySession session, string stream, string eventId, IReadOnlyList<Setting> settings, CancellationToken stop)
    {
        if (!Guid.TryParseExact(eventId, "D", out var id)) return null;
        var changes = Change.OfAll(await session.Events.FetchStreamAsync(stream, token: stop), settings).ToList();
        var index = changes.FindIndex(c => c.Id == id);
        return index < 0 ? null : (changes[index], changes[(index + 1)..]);
    }

    private static ProblemCode WhyNot(object e) => e switch
    {
        MailAccountCreated => AccountsProblems.CreationNotUndoable,
        MailAccountPasswordChanged or MailAccountPasswordForciblyChanged => AccountsProblems.PasswordNotUndoable,
        MailDataDeletionStarted or MailDataDeletionFinished or MailDataDeletionFailed or MailAccountDeletionStarted or MailAccountDeleted => AccountsProblems.DeletionNotUndoable,
        _ => PlatformProblems.NotUndoable, // it changed nothing
    };
}
