using System.Text.RegularExpressions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>A message that is held.</summary>
/// <param name="Id">NODE:QUEUE-ID.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Recipients">Who has not got it, 100 at most.</param>
public sealed record HeldMessageView(string Id, DateTimeOffset At, long Size, IReadOnlyList<string> Recipients);

/// <summary>The messages that are held.</summary>
/// <param name="Items">The oldest first, 1,000 at most.</param>
public sealed record HeldMailList(IReadOnlyList<HeldMessageView> Items);

/// <summary>Which messages.</summary>
/// <param name="Ids">As they are listed, 1,000 at most.</param>
public sealed record HeldMailBody(IReadOnlyList<string?>? Ids);

/// <summary>
/// Mail of an account that was in a node's queue when a compromise was suspected (RST-9): nodes hold it and tell of it, an operator releases or
/// deletes it. What was decided is a part of the account's state, so that a node that is away obeys when it is back.
/// </summary>
public sealed partial class HeldMail(NpgsqlDataSource database) : IConsumer<MailHeld>
{
    private const int Most = 1000;

    /// <summary>What nodes hold, as they told last.</summary>
    public static Table Table()
    {
        var table = new Table("held_mail");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("node").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("told_at").NotNull();
        table.AddColumn("messages", "jsonb").NotNull();
        return table;
    }

    /// <summary>The newest list of each node counts.</summary>
    public Task Consume(ConsumeContext<MailHeld> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var held = context.Message;
        var messages = System.Text.Json.JsonSerializer.Serialize(held.Messages);
        return database.ExecuteAllAsync(
        [
            ErasedAccounts.Lock(held.AccountId),
            $"""
            insert into held_mail as h (account_id, node, told_at, messages)
            select {held.AccountId}, {held.Node}, {held.At.ToUniversalTime()}, {messages}::jsonb where not exists (select from erased_account where account_id = {held.AccountId})
            on conflict (account_id, node) do update set told_at = excluded.told_at, messages = excluded.messages where h.told_at < excluded.told_at
            """,
        ], context.CancellationToken);
    }

    /// <summary>Decides; pure. All or none: each must be held.</summary>
    /// <param name="ids">As typed.</param>
    /// <param name="held">What is held.</param>
    /// <param name="isReleased">Whether it is delivered.</param>
    /// <param name="standing">How the account stands.</param>
    /// <param name="now">When.</param>
    public static Decision Decide(IReadOnlyList<string?>? ids, IReadOnlySet<string> held, bool isReleased, AccountStanding? standing, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(held);
        if (ids is not { Count: > 0 and <= Most }) return Decision.Reject(new Rejection(RestrictionsProblems.MessagesMissing, "ids", ("max", Most)));
        List<Rejection> broken = [.. ids.Where(i => i is null || !Name().IsMatch(i) || !held.Contains(i)).Select(i => new Rejection(RestrictionsProblems.NotHeld, "ids", ("x", i ?? "")))];
        if (standing is null) broken.Add(new(RestrictionsProblems.NoneOfKind));
        return Decision.Unless(broken, () => [new HeldMailDecided(standing!.Domain, [.. ids.OfType<string>().Distinct()], isReleased, now)]);
    }

    /// <summary><c>GET /api/v1/accounts/{address}/held-mail</c> → 200.</summary>
    public static async Task<IResult> List(string address, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
        => new Answer(200, new HeldMailList(await ReadAsync(database, http.Asking().Target!.AccountId, stop)));

    /// <summary><c>POST /api/v1/accounts/{address}/held-mail/release</c> → 204.</summary>
    public static Task<IResult> Release(string address, HeldMailBody body, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
        => HandleAsync(body, isReleased: true, context, database, stop);

    /// <summary><c>POST /api/v1/accounts/{address}/held-mail/delete</c> → 204.</summary>
    public static Task<IResult> Delete(string address, HeldMailBody body, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
        => HandleAsync(body, isReleased: false, context, database, stop);

    private static async Task<IResult> HandleAsync(HeldMailBody body, bool isReleased, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
    {
        var held = (await ReadAsync(database, context.Target!.AccountId, stop)).Select(m => m.Id).ToHashSet(StringComparer.Ordinal);
        var stream = await context.Session.Events.FetchForWriting<AccountStanding>(context.Target.AccountId, stop);
        return context.Conclude(stream, Decide(body.Ids, held, isReleased, stream.Aggregate, context.Now), (_, version) => new Answer(204, Version: version));
    }

    /// <summary>What is held of an account, the oldest first.</summary>
    internal static Task<List<HeldMessageView>> ReadAsync(NpgsqlDataSource database, string accountId, CancellationToken stop) => database.ListAsync(
        $"""
        select h.node || ':' || (m ->> 'QueueId'), (m ->> 'At')::timestamptz, (m ->> 'Size')::bigint, array(select jsonb_array_elements_text(m -> 'Recipients'))
        from held_mail h, jsonb_array_elements(h.messages) as m where h.account_id = {accountId} order by 2, 1 limit {Most}
        """,
        row => new HeldMessageView(row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), row.GetInt64(2), row.GetFieldValue<string[]>(3)), stop);

    [GeneratedRegex("^[^:]+:[0-9A-Za-z]+$")]
    private static partial Regex Name();
}
