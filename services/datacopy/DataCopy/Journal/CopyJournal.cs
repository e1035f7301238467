using System.Text.Json;
using Hikyaku.Copier;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Journal;

/// <summary>
/// The journal of one account and source in PostgreSQL. An intent is noted only as long as the worker has its lease, so that nothing is
/// written any more by a worker whose copy another one has taken over.
/// </summary>
internal sealed class CopyJournal(NpgsqlDataSource database, long id, LeasedCopy job) : ICopyJournal
{
    /// <summary>Opens the journal of an account and a source, in the session's transaction.</summary>
    public static async Task<long> OpenAsync(Marten.IDocumentSession session, string accountId, string source, CancellationToken stop)
        => (await session.ListAsync(
            $"insert into copy_journal as j (account_id, source) values ({accountId}, {source}) on conflict (account_id, source) do update set source = j.source returning id",
            row => row.GetInt64(0), stop)).Single();

    /// <summary>
    /// How many messages of each source folder, by <see cref="StorableText.KeyOf"/> of its name, this copy had copied when the run began; once what
    /// a former run had left open is settled.
    /// </summary>
    public IReadOnlyDictionary<string, long> CopiedBefore { get; private set; } = new Dictionary<string, long>();

    /// <inheritdoc/>
    public async Task<IReadOnlySet<uint>> CopiedAsync(string folder, uint uidValidity, IReadOnlyCollection<uint> uids, CancellationToken stop)
    {
        var (key, wanted) = (StorableText.KeyOf(folder), uids.Select(u => (long)u).ToArray());
        return (await database.ListAsync(
            $"select uid from copied_message where journal = {id} and folder = {key} and uid_validity = {(long)uidValidity} and uid = any({wanted})",
            row => (uint)row.GetInt64(0), stop)).ToHashSet();
    }

    /// <inheritdoc/>
    public Task<IReadOnlySet<uint>> AdoptAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, CancellationToken stop)
        => AdoptAsync(folder, uidValidity, messages, present: null, stop);

    /// <inheritdoc/>
    public Task<IReadOnlySet<uint>> AdoptRenamedAsync(
        string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, IReadOnlyCollection<string> present, CancellationToken stop)
        => AdoptAsync(folder, uidValidity, messages, [.. present.Select(StorableText.KeyOf)], stop);

    // Takes over records of the same folder with another UIDVALIDITY or, where the present folders are given, of folders that are gone.
    private async Task<IReadOnlySet<uint>> AdoptAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, string[]? present, CancellationToken stop)
    {
        var key = StorableText.KeyOf(folder);
        var uids = messages.Select(m => (long)m.Uid).ToArray();
        var digests = messages.Select(m => Convert.FromHexString(m.Digest)).ToArray();
        var (renamed, others) = (present is not null, present ?? []);
        // Of equal messages each gets a record of its own: the first of the new ones the first of the former, and so on.
        return (await database.ListAsync(
            $"""
            with wanted as (
                select uid, digest, row_number() over (partition by digest order by place) as n from unnest({uids}, {digests}) with ordinality as w (uid, digest, place)),
            former as (
                select folder, uid_validity, uid, digest, row_number() over (partition by digest order by folder, uid_validity, uid) as n from copied_message
                where journal = {id} and digest = any({digests})
                    and case when {renamed} then folder <> all({others}) else folder = {key} and uid_validity <> {(long)uidValidity} end)
            update copied_message c set folder = {key}, uid_validity = {(long)uidValidity}, uid = w.uid
            from wanted w join former f on f.digest = w.digest and f.n = w.n
            where c.journal = {id} and c.folder = f.folder and c.uid_validity = f.uid_validity and c.uid = f.uid
            returning c.uid
            """, row => (uint)row.GetInt64(0), stop)).ToHashSet();
    }

    /// <inheritdoc/>
    public async Task IntendAsync(CopyIntent intent, CancellationToken stop)
    {
        var json = JsonSerializer.Serialize(intent with { SourceFolder = StorableText.KeyOf(intent.SourceFolder) });
        if (await database.ExecuteAsync(
            $"""
            insert into copy_intent (id, journal, number, intent) select {intent.Id}, {id}, {job.Number}, {json}::jsonb
            from copy_work where job_id = {job.JobId} and owner = {job.Owner} and until > now()
            """, stop) != 1) throw new LeaseLostException();
    }

    /// <inheritdoc/>
    public Task SettleAsync(Guid intent, bool written, CancellationToken stop) => database.ExecuteAsync(
        $"""
        with settled as (delete from copy_intent where id = {intent} returning journal, number, intent)
        insert into copied_message (journal, folder, uid_validity, uid, digest, number)
        select s.journal, s.intent ->> 'SourceFolder', (s.intent ->> 'SourceUidValidity')::bigint, (m ->> 'Uid')::bigint, decode(m ->> 'Digest', 'hex'), s.number
        from settled s, jsonb_array_elements(s.intent -> 'Messages') m where {written}
        on conflict do nothing
        """, stop);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CopyIntent>> OpenAsync(CancellationToken stop)
        => await database.ListAsync($"select intent from copy_intent where journal = {id} order by id", row => JsonSerializer.Deserialize<CopyIntent>(row.GetString(0))!, stop);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, int>> CountAsync(IReadOnlyCollection<string> digests, CancellationToken stop)
    {
        var wanted = digests.Select(Convert.FromHexString).ToArray();
        return (await database.ListAsync(
            $"select encode(digest, 'hex'), count(*) from copied_message where journal = {id} and digest = any({wanted}) group by digest",
            row => (row.GetString(0), (int)row.GetInt64(1)), stop)).ToDictionary(d => d.Item1, d => d.Item2);
    }

    /// <inheritdoc/>
    public async Task MarkAsync(IReadOnlyDictionary<string, FolderMark> marks, CancellationToken stop)
    {
        var json = JsonSerializer.Serialize(marks);
        await database.ExecuteAsync($"update copy_journal set marks = {json}::jsonb where id = {id}", stop);
        CopiedBefore = (await database.ListAsync(
            $"select folder, count(*) from copied_message where journal = {id} and number = {job.Number} group by folder", row => (row.GetString(0), row.GetInt64(1)), stop)).ToDictionary(f => f.Item1, f => f.Item2);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, FolderMark>> MarksAsync(CancellationToken stop)
        => JsonSerializer.Deserialize<Dictionary<string, FolderMark>>(await database.ValueAsync<string>($"select marks::text from copy_journal where id = {id}", stop) ?? "{}")!;
}
