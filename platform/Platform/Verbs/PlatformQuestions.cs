using Marten;

namespace Hikyaku.Platform;

/// <summary>What is asked of every service: rows that belong to no stream, and a list of jobs that contradicts their history.</summary>
internal static class PlatformQuestions
{
    private static readonly Type[] Ends = [typeof(JobSucceeded), typeof(JobFailed), typeof(JobCancelled)];

    public static IEnumerable<Question> Of(IDocumentStore store, IReadOnlyList<IStreamKind> kinds)
    {
        yield return new(StreamChecks.History, "select distinct stream_id from mt_events e where not exists (select 1 from mt_streams s where s.id = e.stream_id)", "it has events and is no stream");
        foreach (var table in kinds.Select(k => k.TableIn(store)))
            yield return new(StreamChecks.ReadModel, $"select id from {table} d where not exists (select 1 from mt_streams s where s.id = d.id)", $"it has a snapshot in {table} and no history");
        if (kinds.FirstOrDefault(k => k.State == typeof(Job)) is not { } jobs) yield break;
        var snapshots = jobs.TableIn(store);
        var ends = string.Join(", ", store.Options.Events.AllKnownEventTypes().Where(e => Ends.Contains(e.EventType)).Select(e => $"'{e.EventTypeName}'"));
        yield return new(StreamChecks.ReadModel, $"select s.id from {snapshots} s where not exists (select 1 from job j where j.id = s.id)", "it is not in the list of jobs");
        yield return new(StreamChecks.ReadModel, "select id from job j where not exists (select 1 from mt_streams s where s.id = j.id)", "it is in the list of jobs and has no history");
        yield return new(
            StreamChecks.ReadModel, $"select id from job j where (finished_at is not null) <> exists (select 1 from mt_events e where e.stream_id = j.id and e.type in ({ends}))",
            "the list of jobs has another end of it than its history");
        yield return new(
            StreamChecks.ReadModel, $"select j.id from job j join {snapshots} s on s.id = j.id where (j.kind, j.state) is distinct from (s.data ->> 'Kind', s.data ->> 'State')",
            "its kind or state in the list of jobs is not what its history says");
    }
}
