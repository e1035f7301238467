using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// As many threads as there are cores, for work of hours that nobody waits for at a screen. On Linux each has the lowest
/// priority (nice 19), which .NET's own priorities do not set there: whoever else wants a core has it at once, and while
/// nobody does the work has all of them. Its work must not wait for anything.
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

    /// <summary>Ends them when they have done what they are at.</summary>
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
#pragma warning disable CA1031 // it goes to whoever waits for the result
        catch (Exception e)
#pragma warning restore CA1031
        {
            done.TrySetException(e);
        }
    }

    private void Run()
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(OfAThread, 0, Lowest); // allowed to everybody; refused, it is merely less considerate
        foreach (var work in _work.GetConsumingEnumerable()) work();
    }

    [DllImport("libc", EntryPoint = "setpriority"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, uint who, int priority);
}
