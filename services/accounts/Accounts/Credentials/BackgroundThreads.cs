using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// One thread for each core, for long work that no person waits for. On Linux each has the lowest
/// priority (nice 19), which .NET's own priorities do not set there: other work gets a core at once, and while there is
/// none, this work uses all cores. It must not block.
/// </summary>
public sealed partial class BackgroundThreads : IDisposable
{
    private const int OfAThread = 0; // PRIO_PROCESS, which on Linux is the calling thread when the id is 0
    private const int Lowest = 19;
    private readonly BlockingCollection<Action> _work = [];

    /// <summary>Starts them; they are idle until there is work.</summary>
    public BackgroundThreads()
    {
        for (var i = 0; i < Environment.ProcessorCount; i++)
            new Thread(Run) { IsBackground = true, Name = "background-work", Priority = ThreadPriority.Lowest }.Start();
    }

    /// <summary>Has work done in its turn.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken stop)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => Do(work, done, stop), stop);
        return await done.Task;
    }

    /// <summary>Ends each thread when its present work is done.</summary>
    public void Dispose() => _work.CompleteAdding();

    private static void Do<T>(Func<T> work, TaskCompletionSource<T> done, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            done.TrySetCanceled(stop);
            return;
        }

        try
        {
            done.TrySetResult(work());
        }
#pragma warning disable CA1031 // the caller that waits for the result gets it
        catch (Exception e)
#pragma warning restore CA1031
        {
            done.TrySetException(e);
        }
    }

    private void Run()
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(OfAThread, 0, Lowest); // every process may do this; if it fails, the work only takes cores from others
        foreach (var work in _work.GetConsumingEnumerable()) work();
    }

    [DllImport("libc", EntryPoint = "setpriority"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, uint who, int priority);
}
