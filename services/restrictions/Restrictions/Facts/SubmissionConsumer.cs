using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Space;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Facts;

/// <summary>Stores what accounts send, and judges it. What comes again finds its facts there, and counts nothing twice.</summary>
internal sealed class SubmissionConsumer(FactTable<SubmissionFact> table, NpgsqlDataSource database, AddressKeys keys, MailboxSpace space, AbuseJudge judge) : IConsumer<SubmissionsObserved>
{
    /// <summary>To whom addresses wrote, as keyed hashes, and with which message first.</summary>
    public static Table KnownRecipients()
    {
        var known = new Table("known_recipient");
        known.AddColumn<string>("address_key").AsPrimaryKey();
        known.AddColumn<long>("recipient").AsPrimaryKey();
        known.AddColumn<string>("first_id").NotNull();
        known.Indexes.Add(new IndexDefinition("known_recipient_first") { Columns = ["address_key", "first_id"] });
        return known;
    }

    public async Task Consume(ConsumeContext<SubmissionsObserved> context)
    {
        var (observed, stop) = (context.Message, context.CancellationToken);
        var facts = new List<SubmissionFact>();
        foreach (var submission in observed.Submissions.Where(s => s is { Id.Length: > 0, AccountId.Length: > 0, Recipients: > 0, To: not null }))
        {
            if (!InternetNames.TryReadAddress(submission.Address, out var address, out var domain)) continue;
            var key = keys.Of(address);
            facts.Add(new(submission with { Address = address }, key, domain, await FirstTimeAsync(submission, key, stop)));
        }

        if (facts.Count == 0) return;
        await table.AddAsync(observed.Node, facts, stop);
        await space.NoteAddressesAsync([.. facts.Select(f => (f.Submission.AccountId, f.Submission.Address, f.Domain)).Distinct()], stop);
        foreach (var account in facts.GroupBy(f => f.Submission.AccountId).OrderBy(g => g.Key, StringComparer.Ordinal))
            await judge.JudgeSendingAsync(new(account.Key, account.First().Submission.Address, account.First().Domain, Life: 0), account.Max(f => f.Submission.At), stop);
    }

    private async Task<int> FirstTimeAsync(SubmissionObserved submission, string key, CancellationToken stop)
    {
        var recipients = submission.To.Distinct(StringComparer.Ordinal).Select(r => keys.OfRecipient(key, r)).Order().ToArray();
        await database.ExecuteAsync(
            $"insert into known_recipient (address_key, recipient, first_id) select {key}, r, {submission.Id} from unnest({recipients}) as r on conflict do nothing", stop);
        return (int)await database.ValueAsync<long>($"select count(*) from known_recipient where address_key = {key} and first_id = {submission.Id}", stop);
    }
}

/// <summary>Stores what other servers and the spam filter think of what accounts send.</summary>
internal sealed class SignConsumer(FactTable<SendingSign> table, AbuseJudge judge, NpgsqlDataSource database) : IConsumer<DeliveriesObserved>
{
    public async Task Consume(ConsumeContext<DeliveriesObserved> context)
    {
        var (observed, stop) = (context.Message, context.CancellationToken);
        var signs = observed.Deliveries.Where(d => d is { Direction: "sent", Way: "delivery" }).Select(Of).OfType<SendingSign>().ToList();
        if (signs.Count == 0) return;
        await table.AddAsync(observed.Node, signs, stop);
        foreach (var account in signs.GroupBy(s => s.AccountId).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var known = await database.FirstAsync($"select address, domain from mailbox_space where account_id = {account.Key} and address is not null", row => new Target(account.Key, row.GetString(0), row.GetString(1), 0), stop);
            if (known is not null) await judge.JudgeSendingAsync(known, account.Max(s => s.At), stop);
        }
    }

    private static SendingSign? Of(DeliveryObserved d) => d switch
    {
        { Kind: DeliveryKinds.Bounced } => new(d.Id, d.At, d.AccountId, SignKinds.Failed, d.Recipient),
        { Kind: DeliveryKinds.Judged, Verdict.Kind: "spam" or "virus" } => new(d.Id, d.At, d.AccountId, SignKinds.Spam, null),
        _ => null,
    };
}
