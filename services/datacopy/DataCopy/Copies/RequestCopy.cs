using Hikyaku.Copier;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>Asks for a copy (CPY-1). Whether the source can be copied from is found by the copy itself; only where it may not be reached at all is told at once.</summary>
/// <param name="Account">Whose mailbox it goes into.</param>
/// <param name="JobId">The new copy's id.</param>
/// <param name="Form">What was asked for; null when it cannot be read.</param>
/// <param name="Broken">What is wrong with it.</param>
/// <param name="OwnPasswordIsRight">Whether the gateway has verified the account's own password (CPY-9).</param>
/// <param name="Now">When.</param>
public sealed record RequestCopy(Target Account, string JobId, CopyForm? Form, IReadOnlyList<Rejection> Broken, bool OwnPasswordIsRight, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RequestCopy command, AccountCopies? copies)
    {
        ArgumentNullException.ThrowIfNull(command);
        List<Rejection> broken = [.. command.OwnPasswordIsRight ? Array.Empty<Rejection>() : [new(CopyProblems.OwnPasswordWrong, "password")], .. command.Broken];
        if (broken.Count == 0 && copies?.Current is not null) broken.Add(new(CopyProblems.AlreadyRunning));
        return Decision.Unless(broken, () =>
        {
            var form = command.Form!;
            return
            [
                new CopyRequested(
                    command.Account.AccountId, command.JobId, command.Account.Address, command.Account.Domain, form.Host, form.Port, form.Security, form.UserName, form.IsToken,
                    form.AcceptsInvalidCertificate, form.Fingerprint, form.Notify, command.Now),
            ];
        });
    }

    /// <summary><c>POST /api/v1/accounts/{address}/copies</c> → 202; with <c>?dryRun=true</c> 200 and what the source has (N-8).</summary>
    public static async Task<IResult> Handle(
        string address, RequestCopyBody body, CommandContext context, HttpContext http, SourceConnector connector, SourceCheck check, SecretBox box, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(http);
        var account = context.Target!;
        var (form, unreadable) = CopyForm.Read(body, account.Address);
        List<Rejection> broken = [.. unreadable];
        // Names are resolved only for who has proven to be the mailbox's owner.
        var isProven = http.Request.Headers[InternalHeaders.OwnPassword] == InternalHeaders.Verified;
        if (isProven && form is not null && await connector.JudgeAsync(form.AsSource(), stop) is { } refused) broken.Add(CopyProblems.Of(refused.Kind));
        var stream = await context.Session.Events.FetchForWriting<AccountCopies>(account.AccountId, stop);
        var job = new RequestCopy(account, DataCopyJobs.All.NewId(), form, broken, isProven, context.Now);
        var decision = Decide(job, stream.Aggregate);
        if (decision.Accepted && http.Request.Query["dryRun"] == "true") return await check.AnswerAsync(form!, account, http, stop);
        if (decision.Accepted) CopyQueue.Add(context.Session, job, context.Caller, Assignment.Of(form!, account).Seal(box));
        return context.Conclude(stream, decision, (_, version) => new Answer(202, CopyView.Waiting(job), version, $"/api/v1/jobs/{job.JobId}"));
    }
}
