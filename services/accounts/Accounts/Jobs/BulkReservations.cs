using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Jobs;

/// <summary>What bulk jobs have reserved and give back: addresses, and places and room in the domain.</summary>
internal static class BulkReservations
{
    /// <summary>Gives some addresses back; false when the job has none.</summary>
    public static async Task<bool> GiveBackSomeAsync(JobStep step, CancellationToken stop)
    {
        var (session, job) = (step.Session, step.Job.Id);
        var some = (await session.Query<AddressReservation>().Where(r => r.ReservedBy == job).OrderBy(r => r.Id).Take(BulkFiles.MostStreams).Select(r => r.Id).ToListAsync(stop)).ToArray();
        if (some.Length == 0) return false;
        session.DeleteWhere<AddressReservation>(r => r.Id.IsOneOf(some));
        return true;
    }

    /// <summary>Gives back the places and the room that no account of the job has taken.</summary>
    public static async Task GiveBackRoomAsync(JobStep step, CancellationToken stop)
    {
        await DomainUsage.LockAsync(step.Session, step.Job.Domain, stop);
        var own = await BulkNumbers.ReadAsync(step.Session, step.Job.Id, stop);
        DomainUsage.Add(step.Session, step.Job.Domain, -own.ReservedAccounts, -own.ReservedMb);
        step.Session.QueueSqlCommand("update bulk_job set reserved_accounts = 0, reserved_mb = 0 where id = ?", step.Job.Id);
    }
}
