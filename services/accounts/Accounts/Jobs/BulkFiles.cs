using Hikyaku.Accounts.Files;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Jobs;

/// <summary>The files of bulk jobs, and how many of their rows are done at once.</summary>
public sealed class BulkFiles(IDocumentStore store, JobWork work, JobSteps steps, SecretBox box, IConfiguration configuration)
{
    /// <summary>The most streams that one transaction appends to: more would hold every subscription back for too long.</summary>
    public const int MostStreams = 2000;

    /// <summary>How many rows are done in one transaction (<c>Hikyaku:BulkRows</c>).</summary>
    public int RowsAtOnce { get; } = Math.Clamp(configuration.GetValue("Hikyaku:BulkRows", 500), 1, MostStreams);

    /// <summary>The file as it is read. It is read anew by whoever takes the job over, and then says the same.</summary>
    internal async Task<CsvContent> ReadAsync(LeasedJob job, CancellationToken stop)
        => CsvFile.Read(box.Open(await work.UploadAsync(job, stop)), job.Kind == JobKinds.BulkRegistration ? CsvKind.Registration : CsvKind.Change);

    /// <summary>As which encoding a job's file is read, where it may be meant in another one, too; else null.</summary>
    internal async Task<string?> ReadAsAsync(LeasedJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        return (await BulkNumbers.ReadAsync(session, job.Id, stop)).ReadAs;
    }

    /// <summary>What a file asks for cannot be.</summary>
    internal Task FailAsync(LeasedJob job, FileProblems problems, CancellationToken stop) => steps.FailAsync(job, problems.Shown, problems.More, stop);
}
