using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.History;

/// <summary>Undoes one change of an account, by a change of its own (OPS-3): it keeps every rule of <see cref="ChangeMailAccount"/>, and can be undone.</summary>
/// <param name="Undo">What is to be undone.</param>
/// <param name="Domain">The domain's limits.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Now">When.</param>
public sealed record UndoAccountChange(ChangeToUndo Undo, Domain Domain, DomainUsage Usage, DateTimeOffset Now)
{
    private const string CapacityMb = "capacityMb", Comment = "comment";

    /// <summary>
    /// An account's history. A password is not among the settings: nothing that leads to one is told or brought back. The account's user does
    /// not learn of comments (ACC-3), nor why the password was forced (ACC-8).
    /// </summary>
    public static readonly StreamHistory History = new(
    [
        new Setting(CapacityMb).SetBy<MailAccountCreated>(c => c.CapacityMb).SetBy<MailAccountCapacityChanged>(c => c.CapacityMb),
        new Setting(Comment).SetBy<MailAccountCreated>(c => c.Comment).SetBy<MailAccountCommentChanged>(c => c.Comment),
        new Setting("passwordForciblyChanged", MayBePutBack: false)
            .SetBy<MailAccountCreated>(_ => false).SetBy<MailAccountPasswordForciblyChanged>(_ => true).SetBy<MailAccountPasswordChanged>(_ => false),
    ])
    {
        Hidden = ["credentialId", "accountId"],
        HiddenFromUsers = [Comment, "reason"],
        WhyNot = WhyNot,
    };

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(UndoAccountChange command, MailAccount account) => History.Undo(command.Undo, earlier =>
    {
        var capacity = earlier.TryGetValue(CapacityMb, out var mb) ? (int?)mb : null;
        var comment = earlier.TryGetValue(Comment, out var text) ? (string?)text ?? "" : null;
        return ChangeMailAccount.Decide(new(null, "", new PasswordFacts(), capacity, comment, command.Domain, command.Usage, command.Now), account);
    });

    /// <summary><c>POST /api/v1/accounts/{address}/history/{eventId}/undo</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, string eventId, UndoBody? body, CommandContext context, MailAccountReader reader, CancellationToken stop)
    {
        var (session, target) = (context.Session, context.Target!);
        if (await DomainUsage.LockWithLimitsAsync(session, target.Domain, stop) is not var (usage, domain)) return Problems.Of(PlatformProblems.NotFound);
        if (await context.LoadAccountAsync(stop) is not { Aggregate: { } account } stream) return Problems.Of(PlatformProblems.NotFound);
        if (await History.FindAsync(session, account.Id, eventId, stop) is not { } undo) return Problems.Of(PlatformProblems.NotFound);
        // Not before the event is found: the gateway asks each service in turn, and users undo what others have.
        if (!History.MayUndo.Contains(context.Caller.Role)) return Problems.Of(PlatformProblems.Forbidden);

        var decision = Decide(new(undo, domain, usage, context.Now), account);
        var before = await reader.ReadAsync(account.Id, stop);
        return context.KeepAndConclude(stream, decision, hash: null, (state, version) =>
            new Answer(200, MailAccountView.Of(state, before!.UsedBytes, inForce: false, forUser: false), version));
    }

    private static ProblemCode WhyNot(object e) => e switch
    {
        MailAccountCreated => AccountsProblems.CreationNotUndoable,
        MailAccountPasswordChanged or MailAccountPasswordForciblyChanged => AccountsProblems.PasswordNotUndoable,
        MailDataDeletionStarted or MailDataDeletionFinished or MailDataDeletionFailed or MailAccountDeletionStarted or MailAccountDeleted => AccountsProblems.DeletionNotUndoable,
        _ => PlatformProblems.NotUndoable, // it changed nothing
    };
}
