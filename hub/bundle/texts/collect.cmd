@echo off
rem Writes down what baove needs to know of this PC, for PCs without its agent or without a network: Windows 7 and later,
rem with nothing but what Windows ships. Best as administrator; without, some of it stays unknown.
rem
rem   collect.cmd [FOLDER]         writes FOLDER\PC-DATE (else beside this script); at the server: baove hub import FOLDER
rem   collect.cmd /task FOLDER     does so after each start of this PC, from then on: FOLDER is a share, as a rule
rem   collect.cmd /notask          no more
rem
rem It changes nothing else on this PC, asks nobody and sends nothing. It writes no user names, no product keys, no passwords.
setlocal disabledelayedexpansion
if defined PROCESSOR_ARCHITEW6432 (
  "%SystemRoot%\Sysnative\cmd.exe" /d /c call "%~f0" %*
  exit /b
)
if /i "%~1"=="/task" goto task
if /i "%~1"=="/notask" goto notask

set "SELF=%~f0"
set "TO=%~1"
if not defined TO set "TO=%~dp0."
set "STAMP="
for /f "tokens=2 delims==" %%d in ('wmic path Win32_OperatingSystem get LocalDateTime /value 2^>nul ^<nul') do set "STAMP=%%d"
if not defined STAMP for /f %%d in ('powershell -NoProfile -NonInteractive -Command "Get-Date -Format yyyyMMddHHmmss" 2^>nul ^<nul') do set "STAMP=%%d"
if not defined STAMP set "STAMP=%RANDOM%%RANDOM%"
set "STAMP=%STAMP:~0,14%"
set "OUT=%TO%\%COMPUTERNAME%-%STAMP:~0,8%"
if exist "%OUT%\baove-collect.txt" set "OUT=%TO%\%COMPUTERNAME%-%STAMP%"
mkdir "%OUT%" 2>nul
set "NOTES=%OUT%\baove-collect.unfinished"
set "REG=%OUT%\values.reg"
>"%NOTES%" echo hostname: %COMPUTERNAME%
if errorlevel 1 (
  echo baove: "%OUT%" can't be written. 1>&2
  exit /b 2
)
set "ADMIN=false"
fltmc >nul 2>nul
if not errorlevel 1 set "ADMIN=true"
>>"%NOTES%" echo is_admin: %ADMIN%
for /f "delims=" %%v in ('ver') do >>"%NOTES%" echo windows: %%v

where wmic >nul 2>nul
if errorlevel 1 goto powershell
rem PowerShell reads these lines too.
@CLASSES@
:registry
set "NUMBER=0"
>"%REG%" echo Windows Registry Editor Version 5.00
@KEYS@
for /f "delims=" %%s in ('reg query HKU 2^>nul') do call :person "%%s"

rem Last of all: whoever waits for this folder knows by this name that it is whole.
move /y "%NOTES%" "%OUT%\baove-collect.txt" >nul
echo %OUT%
exit /b 0

:wmi
rem NAMESPACE CLASS PROPERTIES [USB]: one file, CLASS.wmi; of a class of all devices only what hangs on USB
set "WHERE="
if "%~4"=="USB" set "WHERE=where "DeviceID like 'USB\\VID%%'""
set "FILE=%OUT%\%~2.wmi"
set "WANTED=%~3"
call :ask "%~1" "%~2"
if "%CODE%"=="0" exit /b
if "%CODE%"=="-2147217392" goto noclass
if "%CODE%"=="-2147217394" goto noclass
if "%CODE%"=="-2147217405" goto denied
if "%CODE%"=="-2147024891" goto denied
rem An older Windows lacks one of the properties, and then refuses all: which does it have?
set "WANTED="
for %%p in (%~3) do call :has %~1 %~2 %%p
if defined WANTED call :ask "%~1" "%~2"
exit /b

:denied
>>"%NOTES%" echo denied: %~2
exit /b

:noclass
>>"%NOTES%" echo absent: %~2
exit /b

:has
wmic /namespace:\\%1 path %2 get %3 /value <nul >nul 2>nul
if errorlevel 1 exit /b
if errorlevel 0 if defined WANTED (set "WANTED=%WANTED%,%3") else set "WANTED=%3"
exit /b

:ask
wmic /namespace:\\%~1 /output:"%FILE%" path %~2 %WHERE% get %WANTED% /format:list <nul >nul 2>nul
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" goto refused
rem A class without instances leaves an empty file, which would look like one that was never asked.
if exist "%FILE%" for %%f in ("%FILE%") do if %%~zf LSS 3 >"%FILE%" echo.
exit /b

:refused
del "%FILE%" 2>nul
exit /b

:powershell
powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command ^
 "$notes = $env:NOTES; Add-Content $notes ('collected_at: ' + [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ'));" ^
 "Get-Content $env:SELF | Where-Object { $_ -like 'call :wmi *' } | ForEach-Object {" ^
 "  $call, $sub, $space, $class, $wanted, $where = $_.Split(' '); $query = 'SELECT * FROM ' + $class;" ^
 "  if ($where -eq 'USB') { $query += ' WHERE DeviceID LIKE ''USB\\VID%%''' };" ^
 "  try {" ^
 "    $found = @(Get-CimInstance -Namespace $space -Query $query -ErrorAction Stop | Select-Object $wanted.Trim([char]34).Split(','));" ^
 "    if ($found.Count) { $text = ConvertTo-Json -InputObject $found -Compress -Depth 3 } else { $text = '[]' };" ^
 "    [IO.File]::WriteAllText($env:OUT + '\' + $class + '.json', $text)" ^
 "  } catch [Microsoft.Management.Infrastructure.CimException] {" ^
 "    $why = [string]$_.Exception.NativeErrorCode;" ^
 "    if ('InvalidClass', 'InvalidNamespace' -contains $why) { Add-Content $notes ('absent: ' + $class) };" ^
 "    if ($why -eq 'AccessDenied') { Add-Content $notes ('denied: ' + $class) }" ^
 "  } catch { } }" <nul >nul 2>nul
goto registry

:tree
rem KEY: one file with all below it
reg query "%~1" >nul 2>nul
if errorlevel 1 goto nokey
set /a NUMBER+=1
reg export "%~1" "%OUT%\key%NUMBER%.reg" /y >nul 2>nul
exit /b

:names
rem KEY: the names of its subkeys
reg query "%~1" >nul 2>nul
if errorlevel 1 goto nokey
set "KEY=%~1"
>>"%REG%" echo [%KEY:HKLM\=HKEY_LOCAL_MACHINE\%]
for /f "tokens=1,* delims=_" %%a in ('reg query "%~1" 2^>nul') do if "%%a"=="HKEY" >>"%REG%" echo [HKEY_%%b]
exit /b

:nokey
>>"%NOTES%" echo absent: %~1
exit /b

:person
rem HIVE: of accounts of people only, local, of a domain or of Azure
set "HIVE=%~1"
if not "%HIVE:~0,20%"=="HKEY_USERS\S-1-5-21-" if not "%HIVE:~0,20%"=="HKEY_USERS\S-1-12-1-" exit /b
if /i "%HIVE:~-8%"=="_Classes" exit /b
>>"%REG%" echo [%HIVE%]
@PEOPLE@
exit /b

:values
rem KEY NAME [LAST WORD]: one value, written as an export has it. What was read comes into a line by a for variable or by
rem delayed expansion only, so no sign in it can end the line and begin a command.
reg query "%~1" >nul 2>nul
if errorlevel 1 goto nokey
set "NAME=%~2"
set "LAST=%~2"
set "WORDS=1,2,*"
if not "%~3"=="" set "LAST=%~3"
if not "%~3"=="" set "WORDS=2,3,*"
set "KEY=%~1"
>>"%REG%" echo [%KEY:HKLM\=HKEY_LOCAL_MACHINE\%]
for /f "tokens=%WORDS%" %%a in ('reg query "%~1" /v "%~2" 2^>nul') do (
  set "KIND="
  if /i "%%a"=="%LAST%" set "KIND=%%b"
  set "SAID=%%c"
  call :value
)
exit /b

:deep
rem KEY NAME: the values of a name in the key and everywhere below it
reg query "%~1" >nul 2>nul
if errorlevel 1 goto nokey
set "NAME=%~2"
set "KEY=%~1"
>>"%REG%" echo [%KEY:HKLM\=HKEY_LOCAL_MACHINE\%]
for /f "tokens=1,2,*" %%a in ('reg query "%~1" /v "%~2" /s 2^>nul') do (
  set "KIND="
  set "LINE=%%a"
  call :start
  if /i "%%a"=="%NAME%" set "KIND=%%b"
  if defined BELOW if "%%b"=="" >>"%REG%" echo [%%a]
  if defined BELOW if not "%%b"=="" if "%%c"=="" >>"%REG%" echo [%%a %%b]
  if defined BELOW if not "%%c"=="" >>"%REG%" echo [%%a %%b %%c]
  set "SAID=%%c"
  call :value
)
exit /b

:start
set "BELOW="
if "%LINE:~0,5%"=="HKEY_" set "BELOW=true"
exit /b

:value
if "%KIND%"=="REG_DWORD" goto number
if "%KIND%"=="REG_MULTI_SZ" goto many
if "%KIND%"=="REG_SZ" goto text
if "%KIND%"=="REG_EXPAND_SZ" goto text
exit /b

:number
>>"%REG%" echo "%NAME%"=dword:%SAID:~2%
exit /b

:many
rem Only that there are some: they are paths.
>>"%REG%" echo "%NAME%"=hex^(7^):2a,00,00,00,00,00
exit /b

:text
setlocal enabledelayedexpansion
set "PATHLIKE="
for /f "tokens=2 delims=\" %%x in ("!SAID!") do set "PATHLIKE=true"
if defined PATHLIKE set "SAID=!SAID:\=\\!"
if defined PATHLIKE set "SAID=!SAID:"=\"!"
>>"%REG%" echo "%NAME%"="!SAID!"
endlocal
exit /b

:task
if "%~2"=="" (
  echo baove: /task needs a folder, such as \\server\baove 1>&2
  exit /b 2
)
mkdir "%ProgramFiles%\baove" 2>nul
copy /y "%~f0" "%ProgramFiles%\baove\collect.cmd" >nul
if errorlevel 1 exit /b 2
schtasks /create /f /tn baove-collect /ru SYSTEM /sc onstart /delay 0010:00 /tr "\"%ProgramFiles%\baove\collect.cmd\" \"%~2\""
exit /b

:notask
schtasks /delete /f /tn baove-collect
del "%ProgramFiles%\baove\collect.cmd" 2>nul
exit /b
